"""OpenCV's dnn module loads NET.prototxt with NET.caffemodel, and a forward pass gives finite numbers.

With a LIMIT their standard deviation is at most that many times the input's, and no less than the input's over LIMIT.

The net is cut down to what OpenCV knows, in deploy.prototxt of the current folder.

usage: opencv.py NET.prototxt NET.caffemodel CHANNELS SIZE [LIMIT]
"""

import re
import sys

try:
    import cv2
    import numpy
except ImportError as error:
    sys.exit(f"skipped: {error}")


def layers(text):
    """The top-level layers of a prototxt without comments."""
    depth, start = 0, 0
    for brace in re.finditer(r"[{}]", text):
        depth += 1 if brace.group() == "{" else -1
        if depth == 0:
            yield text[start : brace.end()]
            start = brace.end()


def deploy(text):
    """The net up to its scores, as OpenCV wants it: without labels, losses, accuracies and layers of TRAIN."""
    training = re.compile(r'type: "(\w*Loss|Accuracy)"|name: "label"|phase: TRAIN')
    return "\n".join(layer for layer in layers(re.sub(r"#.*", "", text)) if not training.search(layer))


definition, weights, channels, size = sys.argv[1], sys.argv[2], int(sys.argv[3]), int(sys.argv[4])
limit = float(sys.argv[5]) if len(sys.argv) > 5 else numpy.inf
with open(definition) as source, open("deploy.prototxt", "w") as target:
    target.write(deploy(source.read()))
net = cv2.dnn.readNetFromCaffe("deploy.prototxt", weights)
net.setInput(numpy.random.default_rng(0).standard_normal((1, channels, size, size), dtype=numpy.float32))
scores = net.forward()
assert scores.size > 1 and numpy.isfinite(scores).all() and scores.std() > 0, scores
assert 1 / limit <= scores.std() <= limit, scores.std()
print("read")
