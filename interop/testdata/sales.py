# Reads the mail of examples/weekly_sales.lua with Python's email and openpyxl,
# strictly, and prints what is in it as JSON.
import datetime
import email
import email.policy
import io
import json
import re
import struct
import sys
import xml.etree.ElementTree as ElementTree
import zipfile
import zlib
from html.parser import HTMLParser

import openpyxl


def main():
    message = email.message_from_bytes(sys.stdin.buffer.read(), policy=email.policy.default)
    for part in message.walk():
        assert not part.defects, (part.get_content_type(), part.defects)
    leaves = [part for part in message.walk() if not part.is_multipart()]
    text, html, picture, book = leaves
    page = Page()
    page.feed(html.get_content())
    page.close()
    json.dump({
        "from": message["from"], "to": message["to"], "subject": message["subject"], "auto": message["auto-submitted"],
        "tree": tree(message),
        "text": text.get_content(),
        "images": page.images,
        "content_id": picture["content-id"].strip("<>"),
        "disposition": picture.get_content_disposition(),
        "picture": png(picture.get_content()),
        "table": page.rows,
        "elements": sorted(page.elements),
        "book": book.get_filename(),
        "sheets": sheets(book.get_content()),
    }, sys.stdout)


def tree(part):
    if part.is_multipart():
        return part.get_content_type() + "(" + " ".join(tree(child) for child in part.iter_parts()) + ")"
    return part.get_content_type()


class Page(HTMLParser):
    """The table of a page, its pictures, and the names of its elements."""

    def __init__(self):
        super().__init__()
        self.rows, self.images, self.elements, self.cell = [], [], set(), False

    def handle_starttag(self, tag, attributes):
        self.elements.add(tag)
        if tag == "tr":
            self.rows.append([])
        elif tag in ("td", "th"):
            self.rows[-1].append("")
            self.cell = True
        elif tag == "img":
            self.images.append(dict(attributes))

    def handle_endtag(self, tag):
        if tag in ("td", "th"):
            self.cell = False

    def handle_data(self, data):
        if self.cell:
            self.rows[-1][-1] += data


def png(data):
    """Width and height of a picture whose chunks and pixels are all there."""
    assert data[:8] == b"\x89PNG\r\n\x1a\n"
    at, kinds, pixels, palette = 8, [], b"", 0
    while at < len(data):
        (size,), kind, content = struct.unpack(">I", data[at:at + 4]), data[at + 4:at + 8], data[at + 8:]
        content = content[:size]
        (check,) = struct.unpack(">I", data[at + 8 + size:at + 12 + size])
        assert check == zlib.crc32(kind + content), kind
        kinds.append(kind)
        if kind == b"IHDR":
            width, height, depth, colours, *methods = struct.unpack(">IIBBBBB", content)
            assert methods == [0, 0, 0]
        elif kind == b"IDAT":
            pixels += content
        at += 12 + size
    assert at == len(data) and kinds[0] == b"IHDR" and kinds[-1] == b"IEND", kinds
    samples = {0: 1, 2: 3, 3: 1, 4: 2, 6: 4}[colours]
    assert len(zlib.decompress(pixels)) == height * (1 + (width * depth * samples + 7) // 8)
    return [width, height]


# The order of elements in a sheet and in the styles (ECMA-376 part 1, sections 18.3.1.99 and 18.8.39).
# Excel calls a file damaged that has another.
ORDER = {
    "worksheet": ["sheetPr", "dimension", "sheetViews", "sheetFormatPr", "cols", "sheetData", "sheetCalcPr", "sheetProtection", "protectedRanges",
                  "scenarios", "autoFilter", "sortState", "dataConsolidate", "customSheetViews", "mergeCells", "phoneticPr", "conditionalFormatting",
                  "dataValidations", "hyperlinks", "printOptions", "pageMargins", "pageSetup", "headerFooter"],
    "styleSheet": ["numFmts", "fonts", "fills", "borders", "cellStyleXfs", "cellXfs", "cellStyles", "dxfs", "tableStyles", "colors"],
    "workbook": ["fileVersion", "fileSharing", "workbookPr", "workbookProtection", "bookViews", "sheets", "functionGroups", "externalReferences",
                 "definedNames", "calcPr"],
}


def sheets(data):
    """The cells of each sheet, as [type, value, format]."""
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        assert archive.testzip() is None
        for name in archive.namelist():
            root = ElementTree.fromstring(archive.read(name))  # every part is XML, and well formed
            order = ORDER.get(local(root))
            if order:
                places = [order.index(local(child)) for child in root]
                assert places == sorted(places), (name, [local(child) for child in root])
            for cell in root.iter():
                assert local(cell) != "f", "a formula in " + name
    book = openpyxl.load_workbook(io.BytesIO(data))
    return [[sheet.title, [[cellOf(cell) for cell in row] for row in sheet.iter_rows()]] for sheet in book.worksheets]


def local(element):
    return element.tag.rpartition("}")[2]


def cellOf(cell):
    value = cell.value
    if isinstance(value, datetime.datetime):
        assert value.time() == datetime.time(), value
        value = value.date().isoformat()
    elif isinstance(value, (int, float)):
        value = repr(value)
    elif isinstance(value, str):  # openpyxl leaves the escapes of ECMA-376, part 1, section 22.9.2.19
        value = re.sub("_x([0-9A-F]{4})_", lambda match: chr(int(match[1], 16)), value)
    return [cell.data_type, value, cell.number_format]


main()
