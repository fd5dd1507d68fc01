"""Writes workbooks with every kind of cell, as two libraries do it, into a folder."""
import datetime
import sys

import openpyxl
import xlsxwriter
from openpyxl.utils.datetime import CALENDAR_MAC_1904

NAMES = ["text", "whole", "fraction", "yes", "day", "moment", "clock", "empty", "formula", "percent", "lines"]
DAY = datetime.date(2026, 11, 24)
MOMENT = datetime.datetime(2026, 11, 24, 7, 30, 15)
CLOCK = datetime.time(7, 30)
ROWS = [
    ["Müller 東京 😀", 12, 1.5, True, DAY, MOMENT, CLOCK, None, "=1+1", 0.25, "a\nb"],
    ["=cmd|' /C calc'!A0", -9007199254740992, 1e-7, False, datetime.date(1904, 1, 2), datetime.datetime(2000, 2, 29, 23, 59, 59), datetime.time(23, 59, 59), "", "=\"x\"", 1, "<b>{{.x}}</b>\r\nc"],
    ["x" * 32767, 0, 0, True, datetime.date(9999, 12, 31), datetime.datetime(1970, 1, 1), datetime.time(0, 0), " ", "=NA()", 0.1, "_x000D_ &amp;"],
]


def with_openpyxl(path, mac):
    book = openpyxl.Workbook()
    if mac:
        book.epoch = CALENDAR_MAC_1904
    book.active.title = "Hidden"
    book.active.append(["wrong"])
    book.active.sheet_state = "hidden"
    sheet = book.create_sheet("Leute & Co")
    sheet.append(NAMES)
    for row in ROWS:
        sheet.append(row)
    for cells in sheet.iter_rows(min_row=2):
        cells[0].data_type = "s"
        cells[9].number_format = "0.00%"
    sheet["H4"] = "rich text"
    book.active = 1
    book.save(path)


def with_xlsxwriter(path, mac, lean):
    book = xlsxwriter.Workbook(path, {"date_1904": mac, "constant_memory": lean, "strings_to_formulas": False})
    hidden = book.add_worksheet("Hidden")
    sheet = book.add_worksheet("Leute & Co")
    sheet.activate()
    sheet.set_first_sheet()
    hidden.hide()
    hidden.write(0, 0, "wrong")
    day = book.add_format({"num_format": 'dddd, d. mmmm yyyy'})
    moment = book.add_format({"num_format": "yyyy-mm-dd hh:mm:ss"})
    clock = book.add_format({"num_format": "h:mm AM/PM"})
    percent = book.add_format({"num_format": "0.00%"})
    bold = book.add_format({"bold": True})
    for i, name in enumerate(NAMES):
        sheet.write(0, i, name)
    for r, row in enumerate(ROWS, 1):
        sheet.write_string(r, 0, row[0])
        sheet.write_number(r, 1, row[1])
        sheet.write_number(r, 2, row[2])
        sheet.write_boolean(r, 3, row[3])
        sheet.write_datetime(r, 4, row[4], day)
        sheet.write_datetime(r, 5, row[5], moment)
        sheet.write_datetime(r, 6, row[6], clock)
        if r == 3:
            sheet.write_rich_string(r, 7, "rich ", bold, "text")
        sheet.write_formula(r, 8, row[8], None, [2, "x", "#N/A"][r - 1])
        sheet.write_number(r, 9, row[9], percent)
        sheet.write_string(r, 10, row[10])
    book.close()


folder = sys.argv[1]
for mac in (False, True):
    name = "1904" if mac else "1900"
    with_openpyxl(f"{folder}/openpyxl {name}.xlsx", mac)
    with_xlsxwriter(f"{folder}/xlsxwriter {name}.xlsx", mac, False)
    with_xlsxwriter(f"{folder}/xlsxwriter lean {name}.xlsx", mac, True)
