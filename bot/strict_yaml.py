"""YAML as a person wrote it, or one line that says where it cannot be meant so."""

from pathlib import Path
from typing import Any

import yaml


class NotYaml(Exception):
    """The text says what is wrong, and where."""


class _Strict(yaml.SafeLoader):
    """Of a name given twice PyYAML keeps the last: an edit could unwatch everything."""

    def construct_mapping(self, node: Any, deep: bool = False) -> dict[Any, Any]:  # noqa: FBT001, FBT002 its parent's signature
        seen: set[str] = set()
        for name, _ in node.value:
            if not isinstance(name, yaml.ScalarNode) or name.value == "<<":
                continue  # a merge may come twice; the parent refuses the others
            if name.value in seen:
                raise yaml.constructor.ConstructorError(
                    problem=f"{name.value} is given twice",
                    problem_mark=name.start_mark,
                )
            seen.add(name.value)
        return super().construct_mapping(node, deep=deep)


def read(path: Path) -> dict[str, Any]:
    """Return the names and values in the file at `path`; NotYaml if it has none."""
    try:
        # Its C twin cannot tell of a name given twice; the file is small.
        document = yaml.load(path.read_text("utf-8"), _Strict)  # noqa: S506 a SafeLoader
    except FileNotFoundError:
        raise NotYaml(
            f"{path} is not there; WATCHKEEPER_WATCH_FILE names the watch list"
        ) from None
    except OSError as error:
        raise NotYaml(f"{path}: {error.strerror}") from None
    except UnicodeDecodeError:
        raise NotYaml(f"{path}: this is no text in UTF-8") from None
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        mark = getattr(error, "problem_mark", None)
        where = f" line {mark.line + 1}" if mark else ""
        what = getattr(error, "problem", None) or str(error).partition("\n")[0]
        raise NotYaml(f"{path}{where}: {what}") from None
    if not isinstance(document, dict):
        raise NotYaml(f"{path}: expected names with values at the top")
    return {str(name): value for name, value in document.items()}
