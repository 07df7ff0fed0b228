"""OpenCV's dnn module loads NET.prototxt, which `deploy` made, and finds its outputs.

With NET.caffemodel it runs the net on an input of the net's own shape, and gets finite numbers.

usage: opencv_deploy.py NET.prototxt OUTPUTS [NET.caffemodel INPUT N,C,H,W]
"""

import sys

try:
    import cv2
    import numpy
except ImportError as error:
    sys.exit(f"skipped: {error}")

definition, outputs = sys.argv[1], sys.argv[2].split(",")
net = cv2.dnn.readNetFromCaffe(definition, *sys.argv[3:4])
assert sorted(net.getUnconnectedOutLayersNames()) == sorted(outputs), net.getUnconnectedOutLayersNames()
if len(sys.argv) > 3:
    shape = [int(dim) for dim in sys.argv[5].split(",")]
    net.setInput(numpy.random.default_rng(0).standard_normal(shape, dtype=numpy.float32), sys.argv[4])
    for made in net.forward(outputs):
        assert made.shape[0] == shape[0] and numpy.isfinite(made).all() and made.std() > 0, made
print("read")
