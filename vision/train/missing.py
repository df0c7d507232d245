"""Says which Debian packages training needs and does not find; installs nothing."""

import importlib.util
import sys

MODULES = {"torch": "python3-torch", "onnx": "python3-onnx", "cv2": "python3-opencv", "numpy": "python3-numpy", "PIL": "python3-pil"}


def main():
    packages = [package for module, package in MODULES.items() if importlib.util.find_spec(module) is None]
    if not packages:
        import glyphs
        import scene
        packages = glyphs.missing() + scene.missing()
    if packages:
        sys.exit("vision/train: missing on this machine; as root:\n  apt-get install --no-install-recommends " + " ".join(packages))


if __name__ == "__main__":
    main()
