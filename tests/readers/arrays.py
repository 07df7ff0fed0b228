"""numpy, h5py and safetensors read the blobs that LAYER.INDEX.bin hold as raw values.

usage: arrays.py NET.npz NET.h5 NET.safetensors, in the folder of the raw values
"""

import glob
import sys

try:
    import h5py
    import numpy
    import safetensors.numpy
except ImportError as error:
    sys.exit(f"skipped: {error}")

npz, h5 = numpy.load(sys.argv[1]), h5py.File(sys.argv[2])["data"]
tensors = safetensors.numpy.load_file(sys.argv[3])
expected = glob.glob("*.bin")
assert len(expected) == len(npz) == len(tensors) == sum(len(group) for group in h5.values()), (expected, list(npz))
for name in expected:
    layer, index, _ = name.rsplit(".", 2)
    with open(name, "rb") as file:
        values = file.read()
    found = (npz[f"{layer}/{index}"], h5[layer][index][...], tensors[f"{layer}.{index}"])
    for array in found:
        assert array.dtype == "<f4" and array.tobytes() == values, name
        assert array.shape == found[0].shape, name
print("read")
