"""The two tables of the oracle `num_1m`, too large to store."""

import numpy as np
import pyarrow as pa

_ROWS = 1_000_000


def build() -> tuple[pa.Table, pa.Table]:
    """Return reference and production, the very draws that the oracle was run on."""
    rng = np.random.default_rng(1013)

    def side(shift: float, mu: float, high: float, p: float) -> pa.Table:
        normal = rng.normal(shift, 1, _ROWS)
        lognormal = rng.lognormal(mu, 1, _ROWS)
        uniform = rng.uniform(-1, high, _ROWS)
        index = np.minimum(rng.geometric(p, _ROWS) - 1, 49).astype(np.int32)
        names = pa.DictionaryArray.from_arrays(
            pa.array(index), pa.array([f"k{i:02d}" for i in range(50)])
        )
        return pa.table(
            {"g": normal, "l": lognormal, "u": uniform, "k": names.cast(pa.string())}
        )

    reference = side(0, 0, 1, 0.1)
    return reference, side(0.05, 0.02, 1.1, 0.11)
