"""Whatever is on disk is read, or refused in one line; damage is a finding."""

import gzip
import json
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.signals import evaluate
from bot.signals.columns import Frame
from bot.signals.labels import labelled
from bot.signals.readers import Unreadable, collector, read
from bot.signals.readers.files import find
from bot.signals.readers.spool import Notes, Spool
from bot.signals.readers.text import tables

COLLECTED = Path(__file__).parent.parent / "fixtures" / "collector"


def values(frame: Frame) -> dict[str, list[object]]:
    return {name: frame.column(name).to_pylist() for name in frame.names}


def findings(frame: Frame) -> tuple[str, ...]:
    said: tuple[str, ...] = getattr(frame, "findings", ())
    return said


def test_parquet_parts_are_one_table(tmp_path: Path) -> None:
    """
    A column that a later part lacks, or has in another type, is said and survived.
    """
    pq.write_table(pa.table({"a": [1, 2], "b": [0.5, 1.5]}), tmp_path / "1.parquet")
    pq.write_table(pa.table({"a": [3.0]}), tmp_path / "2.parquet")

    frame = read(str(tmp_path))

    assert 3 == frame.rows
    assert {"a": [1, 2, 3], "b": [0.5, 1.5, None]} == values(frame)
    assert ("2.parquet: lacks b", "2.parquet: a has another type") == findings(frame)


def test_damaged_lines_of_csv_are_counted(tmp_path: Path) -> None:
    path = tmp_path / "day.csv"
    path.write_text("a,b\n1,x\n2,y,z\n3,\n")

    frame = read(str(path))

    assert {"a": [1, 3], "b": ["x", None]} == values(frame)
    assert ("1 damaged line left out (day.csv)",) == findings(frame)


def test_damaged_lines_of_json_are_counted(tmp_path: Path) -> None:
    path = tmp_path / "day.jsonl.gz"
    lines = ['{"a": 1}', '{"a": ', "", '{"a": 2.5, "b": "x"}', "[1]"]
    path.write_bytes(gzip.compress("\n".join(lines).encode()))

    frame = read(str(path))

    assert {"a": [1.0, 2.5], "b": [None, "x"]} == values(frame)
    assert "2 damaged lines left out" in findings(frame)[0]


def test_the_collectors_folders_are_read() -> None:
    inputs = read(
        str(COLLECTED / "modelDataCollector/credit-endpoint/blue/model_inputs")
    )
    outputs = read(
        str(COLLECTED / "modelDataCollector/credit-endpoint/blue/model_outputs")
    )

    assert {"age", "income", "segment", "when", "flag"} == set(inputs.names)
    assert [52000.5, None] == inputs.column("income").to_pylist()[:2]
    assert [0.83, 0.12] == outputs.column("prediction").to_pylist()[:2]


def line(**fields: object) -> str:
    usual = {
        "specversion": "1.0",
        "correlationid": "abc",
        "contentrange": "bytes_0-88/89",
        "collectdatatype": "pandas.core.frame.DataFrame",
    }
    return json.dumps({**usual, **fields})


def test_the_collectors_odd_lines_are_read(tmp_path: Path) -> None:
    """
    Payloads over 4 MB lie in a file of their own; some lines hold text, or nothing.
    """
    folder = tmp_path / "01"
    folder.mkdir()
    (folder / "big.json").write_text('[{"a": 3}, {"a": 4}]')
    lines = [
        line(data=[{"a": 1}, {"a": 2}], time=1795395723000),
        line(dataref="https://account/container/01/big.json?sig=x", data=None),
        line(data='[{"a": 5}]'),
        line(data={"a": 6}),
        line(data=None, dataref="https://account/container/01/gone.json"),
        '{"half": ',
    ]
    (folder / "day.jsonl").write_text("\n".join(lines))

    frame = read(str(tmp_path))

    assert {"a": [1, 2, 3, 4, 5, 6]} == values(frame)
    files, found = find(str(folder / "day.jsonl"))
    with_ids = collector.frame(files, found.paths, row_ids=True)
    ids = with_ids.column("row_id").to_pylist()
    assert ["abc_0", "abc_1", "abc_0", "abc_1", "abc_0", "abc_0"] == ids
    said = " ".join(findings(with_ids))
    assert "1 damaged line left out" in said
    assert "1 request without their data" in said


def test_inputs_and_outputs_of_a_request_are_one_row(tmp_path: Path) -> None:
    """
    A deployment's folder holds both; read as one heap every row was half empty.
    """
    hour = "2026/11/23/01"
    kept: dict[str, list[tuple[str, list[dict[str, object]]]]] = {
        "model_inputs": [("r1", [{"age": 41}, {"age": 29}]), ("r2", [{"age": 50}])],
        "model_outputs": [("r2", [{"said": "no"}]), ("r1", [{"said": "yes"}] * 2)],
        "model_context": [("r1", [{"age": 0, "by": "app"}])],
    }
    for collection, requests in kept.items():
        folder = tmp_path / "modelDataCollector" / "loan" / "blue" / collection / hour
        folder.mkdir(parents=True)
        lines = [line(correlationid=one, data=data) for one, data in requests]
        (folder / "1.jsonl").write_text("\n".join(lines))

    frame = read(str(tmp_path))
    named = read(str(tmp_path / "modelDataCollector"), row_ids=True)

    by, said = ["app", None, None], ["yes", "yes", "no"]
    assert {"age": [41, 29, 50], "by": by, "said": said} == values(frame)
    assert ["r1_0", "r1_1", "r2_0"] == named.column("row_id").to_pylist()
    assert (
        "2 rows have nothing in model_context",
        "age: of model_context, left out: the inputs have it too",
    ) == findings(frame)
    assert 3 == evaluate(frame, frame).production_rows


def test_labels_may_come_by_the_collectors_row_id(tmp_path: Path) -> None:
    """
    The request's id is all that a system of labels has seen of a prediction.
    """
    said = [{"approved": i % 2} for i in range(200)]
    (tmp_path / "out.jsonl").write_text(line(correlationid="r1", data=said))
    (tmp_path / "truth.csv").write_text(
        "row_id,repaid\n" + "".join(f"r1_{i},{int(i % 4 > 1)}\n" for i in range(150))
    )
    found = labelled(
        read(str(tmp_path / "out.jsonl"), row_ids=True),
        truth="repaid",
        predicted="approved",
        labels=read(str(tmp_path / "truth.csv")),
        on="row_id",
    )

    assert (200, 150) == (found.predictions, len(found.truth))
    assert 75 == int((found.truth == found.predicted).sum())


def test_a_column_that_changes_its_type_is_text(tmp_path: Path) -> None:
    path = tmp_path / "day.jsonl"
    path.write_text('{"a": 1}\n{"a": "one"}\n')

    frame = read(str(path))

    assert ["1", "one"] == frame.column("a").to_pylist()
    assert ("a: values of several types, read as text",) == findings(frame)


def test_an_mltable_is_followed(tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "1.csv").write_text("a;b;c\n1;2;3\n")
    (tmp_path / "MLTable").write_text(
        "paths:\n  - pattern: ./data/*.csv\ntransformations:\n"
        "  - read_delimited:\n      delimiter: ';'\n"
        "  - drop_columns: [b]\n  - filter: 'col(a) > 1'\n"
    )

    frame = read(str(tmp_path))

    assert {"a": [1], "c": [3]} == values(frame)
    every = "the MLTable's step filter was not followed: these are all of its rows"
    assert (every,) == findings(frame)


def test_an_mltable_takes_and_skips_rows(tmp_path: Path) -> None:
    """
    Figures of a thousand rows that somebody skipped on purpose are of another table.
    """
    (tmp_path / "1.csv").write_text("a\n" + "\n".join(map(str, range(9))))
    told = "paths:\n- file: 1.csv\ntransformations:\n- read_delimited: {}\n"

    some = mltable(tmp_path, told + "- skip: 2\n- take: 4\n- skip: 1\n")
    few = mltable(tmp_path, told + "- take: 99\n- skip: 8\n")
    odd = mltable(tmp_path, told + "- take: -1\n- skip: many\n")

    assert ({"a": [3, 4, 5]}, 3, ()) == (values(some), some.rows, findings(some))
    assert ({"a": [8]}, 1) == (values(few), few.rows)
    assert 9 == odd.rows
    assert 2 == len(findings(odd))


def mltable(folder: Path, text: str) -> Frame:
    (folder / "MLTable").write_text(text)
    return read(str(folder))


def test_an_mltable_names_files_anywhere_on_this_machine(tmp_path: Path) -> None:
    """
    What `az ml data` keeps may name a sibling, an absolute path or an address.
    """
    away, here = tmp_path / "away", tmp_path / "here"
    for path in (away / "deep", here / "data"):
        path.mkdir(parents=True)
    for number, path in enumerate(
        (here / "data/1.csv", away / "deep/2.csv", away / "3.csv", away / "4.csv"), 1
    ):
        path.write_text(f"a\n{number}\n")
    (away / "deep" / "README").write_text("not a table")
    steps = "transformations: [read_delimited: {header: all_files_same_headers}]"
    for listed, found in (
        ("{file: ./data/1.csv}, {file: ../away/3.csv}", [1, 3]),
        (f"{{pattern: {away}/**/*.csv}}", [3, 4, 2]),
        (f"{{pattern: {away}/*.csv}}", [3, 4]),
        ("{pattern: '../away/[3-9].csv'}, {folder: data}", [3, 4, 1]),
        (f"{{file: 'file://{away}/4.csv'}}", [4]),
    ):
        frame = mltable(here, f"type: mltable\npaths: [{listed}]\n{steps}\n")
        assert sorted(found) == sorted(frame.column("a").to_pylist())


@pytest.mark.parametrize(
    ("options", "content", "found"),
    [
        ("delimiter: tab", b"a\tb\n1\tx\n", {"a": [1], "b": ["x"]}),
        ("encoding: iso88591", b"a,b\n1,caf\xe9\n", {"a": [1], "b": ["caf\u00e9"]}),
        ("encoding: utf16", "a,b\n1,x\n".encode("utf-16"), {"a": [1], "b": ["x"]}),
        (
            "header: no_header",
            b"1,x\n2,y\n",
            {"Column1": [1, 2], "Column2": ["x", "y"]},
        ),
        ("support_multi_line: true", b'a,b\n1,"x\ny"\n', {"a": [1], "b": ["x\ny"]}),
        ("empty_as_string: true", b"a,b\n1,\n2,x\n", {"a": [1, 2], "b": ["", "x"]}),
    ],
)
def test_an_mltable_says_how_its_text_is_written(
    tmp_path: Path, options: str, content: bytes, found: dict[str, list[object]]
) -> None:
    (tmp_path / "1.csv").write_bytes(content)
    said = (
        f"paths:\n- file: ./1.csv\ntransformations:\n- read_delimited: {{{options}}}\n"
    )

    assert found == values(mltable(tmp_path, said))


def test_an_mltables_header_may_be_the_first_files(tmp_path: Path) -> None:
    (tmp_path / "1.csv").write_text("a,b\n1,x\n")
    (tmp_path / "2.csv").write_text("2,y\n3,z\n")
    said = "paths: [pattern: '*.csv']\ntransformations:\n"
    said += "- read_delimited: {header: from_first_file}\n"

    assert {"a": [1, 2, 3], "b": ["x", "y", "z"]} == values(mltable(tmp_path, said))


def test_an_mltables_columns_are_chosen_and_converted(tmp_path: Path) -> None:
    """
    A code that looks like a number is a category when its MLTable says text.
    """
    (tmp_path / "1.jsonl").write_text(
        '{"zip": 8001, "age": "41", "flag": "true", "x": 1}\n'
        '{"zip": 8002, "age": "unknown", "flag": "no", "x": 2}\n'
    )
    frame = mltable(
        tmp_path,
        "paths: [file: 1.jsonl]\ntransformations:\n- read_json_lines\n"
        "- convert_column_types:\n"
        "  - {columns: zip, column_type: string}\n"
        "  - {columns: [age], column_type: int}\n"
        "  - {columns: flag, column_type: boolean}\n"
        "- keep_columns: [zip, age, flag, gone]\n",
    )

    assert {"zip": ["8001", "8002"], "age": [41, None], "flag": [True, None]} == values(
        frame
    )
    assert ["string", "bigint", "boolean"] == [frame.kind(n) for n in frame.names]
    assert ("keep_columns names gone, which is not there",) == findings(frame)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (
            "paths:\n- file: 1.csv\n- file: ./gone.csv",
            "line 3: no such file: ./gone.csv",
        ),
        ("paths:\n\n- pattern: ./*.parquet", "line 3: no file is there: ./*.parquet"),
        ("paths:\n- folder: ./nowhere", "line 2: no file is there: ./nowhere"),
        (
            "paths:\n- file: azureml://datastores/main/paths/a.csv",
            "line 2: azureml:// is not read; name the files by a path, or as abfss://",
        ),
        ("paths:\n- pattern: '[z-a].csv'", "line 2: no pattern: [z-a].csv"),
        ("paths:\n- pattern: '[!1].csv'", "line 2: no file is there"),
        ("paths:\n- 1.csv", "line 2: a path is one of file, folder, pattern"),
        ("paths: []", "its list of paths is empty"),
        ("paths: [file: 1.csv]\ntransformations: 3", "its transformations are no list"),
        (
            "paths: [file: 1.csv]\ntransformations: [read_delta_lake: {}]",
            "read_delta_lake",
        ),
        (
            "paths: [file: 1.csv]\ntransformations: [read_delimited: {encoding: klingon}]",
            "'klingon' is none of utf8",
        ),
        (
            "paths: [file: 1.csv]\ntransformations: [read_delimited: {delimiter: '||'}]",
            "is not one character",
        ),
    ],
)
def test_an_mltable_that_leads_nowhere_is_refused_by_its_line(
    tmp_path: Path, text: str, said: str
) -> None:
    (tmp_path / "1.csv").write_text("a\n1\n")

    with pytest.raises(Unreadable) as refused:
        mltable(tmp_path, text)

    assert said in str(refused.value)
    assert "\n" not in str(refused.value)


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("a.parquet", b"not parquet", "a.parquet: "),
        ("a.csv", b"", "a.csv: is empty"),
        ("a.csv", b"\xff\n1\n", "its text is not UTF-8"),
        ("a.csv", b"a,a\n1,2\n", "several columns are called 'a'"),
        ("a.jsonl", b"nothing\nhere", "no line in it is a JSON object"),
        ("a.txt", b"x", "what is in it?"),
        ("MLTable", b"paths: [", "not YAML"),
        ("MLTable", b"paths: 3", "lacks the list of paths"),
    ],
)
def test_what_cannot_be_read_is_refused_in_a_line(
    tmp_path: Path, name: str, content: bytes, said: str
) -> None:
    (tmp_path / name).write_bytes(content)

    with pytest.raises(Unreadable) as refused:
        read(str(tmp_path / name))

    assert said in str(refused.value)
    assert "\n" not in str(refused.value)


@settings(deadline=None, max_examples=40)
@given(st.binary(max_size=80), st.sampled_from(["a.csv", "a.jsonl", "a.parquet"]))
def test_no_bytes_crash_a_reader(
    tmp_path_factory: pytest.TempPathFactory, content: bytes, name: str
) -> None:
    path = tmp_path_factory.mktemp("any") / name
    path.write_bytes(content)
    try:
        frame = read(str(path))
    except Unreadable:
        return
    report = evaluate(frame, frame, threads=1)
    assert frame.rows == report.production_rows
    assert "breached" != report.verdict


def test_an_empty_window_is_not_a_quiet_one(tmp_path: Path) -> None:
    """
    A collector that stopped writing must not look like a model that stopped drifting.
    """
    (tmp_path / "a.csv").write_text("a\n1\n2\n")
    (tmp_path / "b.csv").write_text("a\n")

    report = evaluate(read(str(tmp_path / "a.csv")), read(str(tmp_path / "b.csv")))

    assert "not enough data" == report.verdict
    assert (
        "Not enough data to judge: the production window is empty." == report.sentence
    )


def test_text_is_counted_by_its_codes(tmp_path: Path) -> None:
    """
    Text of Parquet is read as codes; parts and sides may number it differently.
    """
    pq.write_table(pa.table({"c": ["a", "b", None] * 300}), tmp_path / "1.parquet")
    pq.write_table(pa.table({"c": ["z", "b"] * 300}), tmp_path / "2.parquet")
    whole = pa.table({"c": ["a", "b", None] * 300 + ["z", "b"] * 300})
    (tmp_path / "day.csv").write_text("c\n" + "z\nb\n" * 400)

    frame = read(str(tmp_path / "1.parquet").replace("1.parquet", ""))
    coded = evaluate(frame, read(str(tmp_path / "day.csv")))
    plain = evaluate(whole, pa.table({"c": ["z", "b"] * 400}))

    assert coded.results == plain.results
    assert "breached" == coded.verdict


def test_what_comes_late_in_a_csv_is_read(tmp_path: Path) -> None:
    """
    Types are guessed from the first megabytes; the first gap or word comes after.
    """
    path = tmp_path / "day.csv"
    early = "1,1,,2026-11-23\n" * 700_000
    path.write_text("a,b,c,d\n" + early + "2.5,x,7,2026-11-24\n3,4\n")

    frame = read(str(path))

    kinds = {name: frame.kind(name) for name in frame.names}
    assert {"a": "double", "b": "string", "c": "double", "d": "date"} == kinds
    assert 700_001 == frame.rows
    assert (2.5, "x", 7.0) == tuple(frame.column(n)[-1].as_py() for n in "abc")
    assert (
        "b: values of several types, read as text",
        "1 damaged line left out (day.csv)",
    ) == findings(frame)


def test_parts_of_text_that_disagree_are_one_table(tmp_path: Path) -> None:
    """
    A pipeline that starts to write words on Tuesday must not hide Monday.
    """
    (tmp_path / "1.csv").write_text("a,b\n1,2\n")
    (tmp_path / "2.csv").write_text("a,c\nnone,0.5\n")

    frame = read(str(tmp_path))

    assert {"a": ["1", "none"], "b": [2, None], "c": [None, 0.5]} == values(frame)
    assert ("a: values of several types, read as text",) == findings(frame)


def test_parquet_parts_that_cannot_agree_are_text(tmp_path: Path) -> None:
    pq.write_table(pa.table({"a": [1, 2], "b": [[1], [2]]}), tmp_path / "1.parquet")
    pq.write_table(pa.table({"a": ["x"], "b": [0.5]}), tmp_path / "2.parquet")

    frame = read(str(tmp_path))

    assert {"a": ["1", "2", "x"], "b": [None, None, "0.5"]} == values(frame)
    assert {
        "2.parquet: a has another type",
        "a: values of several types, read as text",
    } <= set(findings(frame))
    assert "cannot compute" != evaluate(frame, frame, smallest=1).verdict


@settings(deadline=None, max_examples=30)
@given(
    st.lists(
        st.dictionaries(
            st.sampled_from("abc"),
            st.one_of(st.none(), st.integers(-9, 9), st.floats(-9, 9), st.text()),
        ),
        min_size=1,
        max_size=30,
    ),
    st.integers(1, 7),
)
def test_what_outgrows_the_memory_reads_the_same(
    records: list[dict[str, object]], step: int
) -> None:
    """
    A month of JSON lines does not fit; on disk it must be the table it was.
    """
    pieces = [
        piece
        for i in range(0, len(records), step)
        for piece in tables(records[i : i + step], Notes())
    ]
    frames = []
    for memory in (1 << 30, 1, 300):
        spool = Spool(memory)
        for piece in pieces:
            spool.add(piece)
        frames.append(spool.frame())
    kept, *stored = [values(frame) for frame in frames]
    assert all(kept == one for one in stored)
    assert {findings(frame) for frame in frames} == {findings(frames[0])}


def test_a_table_is_read_as_others_write_it(tmp_path: Path) -> None:
    """
    Excel separates by semicolons where the comma is a decimal's; pandas writes a list.
    """
    (tmp_path / "a.csv").write_text("a;b\n" + "1;2\n" * 9)
    (tmp_path / "a.json").write_text('[{"a": 1, "b": 2}, {"a": 3, "b": 4}]')
    (tmp_path / "b.csv").write_text("a,b\n" + "1\n" * 9)
    comma, listed = (read(str(tmp_path / name)) for name in ("a.csv", "a.json"))

    assert ("a", "b") == comma.names == listed.names
    assert (9, 2) == (comma.rows, listed.rows)
    with pytest.raises(Unreadable, match="no line has as many values"):
        read(str(tmp_path / "b.csv"))


@pytest.mark.parametrize(
    "told",
    [
        "a: &x {paths: [{file: a.csv}]}\n<<: *x\n",
        "paths: [{file: none}]\npaths:\n- file: a.csv\n",
        "list: &x [{file: a.csv}]\npaths: *x\n",
    ],
)
def test_an_mltable_of_odd_yaml_is_read(tmp_path: Path, told: str) -> None:
    (tmp_path / "a.csv").write_text("a\n1\n")

    assert {"a": [1]} == values(mltable(tmp_path, told))


def test_an_mltable_of_bottomless_yaml_is_refused(tmp_path: Path) -> None:
    with pytest.raises(Unreadable, match="not YAML"):
        mltable(tmp_path, "paths: " + "[" * 5_000)
