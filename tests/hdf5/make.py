"""Makes the HDF5 files of this folder with h5py; run it in the folder.

It prints the layers of each file in the order in which HDF5 gives them, which is the one that Caffe loads them in.
"""
import os

import h5py
import numpy as np
from h5py import h5


def layer(group, name, value, blobs=1):
    made = group.create_group(name)
    for blob in range(blobs):
        made[str(blob)] = np.full((2, 3), value + blob, "f4")
    return made


def soft(name, **options):
    """Soft links to a dataset, to a group, from one link to another, and to nothing."""
    with h5py.File(name, "w", **options) as file:
        real = file.create_group("real")
        data = real.create_group("data")
        file["data"] = h5py.SoftLink("/real/data")
        layer(real, "b", 2)
        real["value"] = np.full((2, 3), 1, "f4")
        data.create_group("a")["0"] = h5py.SoftLink("/real/./value")
        data["b"] = h5py.SoftLink("/real/b/")
        data["c"] = h5py.SoftLink("b")
        data["nowhere"] = h5py.SoftLink("/real/absent")
        data["circle"] = h5py.SoftLink("circle")
        file["top"] = h5py.SoftLink("/data/a/0")
        file["lost"] = h5py.SoftLink("absent")
        file["elsewhere"] = h5py.ExternalLink("other.h5", "/values")


def order(name, **options):
    """Layers out of the order of their names."""
    with h5py.File(name, "w", **options) as file:
        data = file.create_group("data")
        layer(data, "ip2", 1)
        layer(data, "ip1", 2)


def many(name, **options):
    """So many links that they stand in a heap of several blocks, with a tree of several nodes; some are soft."""
    with h5py.File(name, "w", **options) as file:
        data = file.create_group("data")
        hard = layer(file, "hard", 1)
        layer(file, "soft", 2)
        for number in range(120):
            data["layer%d" % number] = h5py.SoftLink("/soft") if number % 10 == 7 else hard


def odd(name):
    """Layers that are no groups of numbers, and one that is."""
    with h5py.File(name, "w") as file:
        data = file.create_group("data")
        layer(data, "ip", 1)
        data["dataset"] = np.arange(3)
        data["text/0"] = "text"
        data["type"] = np.dtype("f4")
        data["back/up"] = data
        data.create_group("outside")["0"] = h5py.ExternalLink("other.h5", "/values")


def layouts(name):
    """Layouts that libhdf5 reads."""
    values = np.arange(6, dtype="f4").reshape(2, 3)
    with h5py.File(name, "w", libver=("v110", "v110")) as file:
        data = file.create_group("data")
        data.create_dataset("axes/0", data=values, chunks=(1, 3), maxshape=(None, None))
        data.create_dataset("szip/0", data=np.zeros((64, 32), "f4"), chunks=(64, 32), compression="szip")
        data.create_dataset("external/0", data=values, external=[("values.raw", 0, h5py.h5f.UNLIMITED)])
        file["values"] = values
        virtual = h5py.VirtualLayout(values.shape, values.dtype)
        virtual[...] = h5py.VirtualSource(".", "/values", values.shape)
        data.create_group("virtual").create_virtual_dataset("0", virtual)
    os.remove("values.raw")


soft("soft_old.h5")
soft("soft_new.h5", libver="latest")
order("order_old.h5")
order("order_new.h5", libver="latest")
many("many_old.h5")
many("many_new.h5", libver="latest")
odd("odd.h5")
layouts("layouts.h5")
for name in sorted(name for name in os.listdir() if name.endswith(".h5")):
    with h5py.File(name) as file:
        names, data = [], file["data"]
        data.id.links.iterate(lambda name: names.append(name.decode()), idx_type=h5.INDEX_NAME, order=h5.ITER_NATIVE)
        print(name, os.path.getsize(name), names)
