"""Pictures as agents send them, and files that only look like pictures."""

import hashlib
import io
import struct
import zipfile
import zlib

from PIL import Image, PngImagePlugin

# A place in EXIF: 41 degrees, 24 minutes, 12.5 seconds north.
GPS = {1: "N", 2: (41.0, 24.0, 12.5), 3: "E", 4: (2.0, 10.0, 30.25)}
GPS_INFO, ORIENTATION, MODEL = 0x8825, 0x0112, 0x0110


def picture(width=640, height=480):
    """A picture that differs in each pixel, so that its sides can be told apart."""
    across = Image.linear_gradient("L").resize((width, height))
    down = across.transpose(Image.Transpose.ROTATE_90).resize((width, height))
    return Image.merge("RGB", (across, down, Image.new("L", (width, height), 90)))


def encoded(image, kind, **more):
    file = io.BytesIO()
    image.save(file, kind, **more)
    return file.getvalue()


def jpeg(width=640, height=480, turned=False, progressive=False):
    """With the place and the model of the camera, as phones write them."""
    exif = Image.Exif()
    exif[MODEL] = "Secret Phone"
    exif.get_ifd(GPS_INFO).update(GPS)
    if turned:
        exif[ORIENTATION] = 6
    return encoded(picture(width, height), "JPEG", exif=exif, quality=80, progressive=progressive)


def png_with_place():
    exif = Image.Exif()
    exif.get_ifd(GPS_INFO).update(GPS)
    text = PngImagePlugin.PngInfo()
    text.add_text("Comment", "taken at the secret place")
    return encoded(picture(), "PNG", exif=exif, pnginfo=text)


def signature():
    """Black on nothing."""
    image = Image.new("RGBA", (400, 150), (0, 0, 0, 0))
    for x in range(50, 350):
        image.putpixel((x, 75), (0, 0, 0, 255))
    return encoded(image, "PNG")


def heic():
    """The beginning of a HEIC file, as iPhones write it."""
    return b"\x00\x00\x00\x24ftypheic\x00\x00\x00\x00mif1heicMiHEmiaf" + bytes(2000)


def archive():
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as parts:
        parts.writestr("photo.jpg", jpeg())
    return file.getvalue()


def bomb(side=50_000):
    """A PNG of a few kilobytes that unpacks to gigabytes."""

    def chunk(name, content):
        return struct.pack(">I", len(content)) + name + content + struct.pack(">I", zlib.crc32(name + content))

    packer, packed = zlib.compressobj(9), b""
    for _ in range(200):
        packed += packer.compress(bytes(1 + side * 3))
    packed += packer.flush()
    header = struct.pack(">IIBBBBB", side, side, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", packed) + chunk(b"IEND", b"")


def sha256(content):
    return hashlib.sha256(content).hexdigest()
