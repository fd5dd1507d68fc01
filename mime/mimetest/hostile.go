package mimetest

import "strings"

// texts are bodies that some writer, relay or reader gets wrong. All are UTF-8.
func texts() []string {
	return []string{
		"Hello Ann,\n\n-- \nBank\n", "no end", ".", ".\n..\n.x\n", "\n.\nMAIL FROM:<x@y>\n", "a\r\n.\r\nb", "a\rb\r\rc", "From me\nFrom \n>From x\n", "trailing \nblanks\t\n \n", "\n\n\n",
		"Grüße aus der Bank\n", "日本語の本文。" + strings.Repeat("とても長い段落です。", 40), "emoji 👨‍👩‍👧 and \U0010FFFF\n", strings.Repeat("x", 998), strings.Repeat("x", 999) + "\n", strings.Repeat("word ", 400),
		"=3D=20=\n", "--=_1_0123456789abcdef\n--\n", "--=_1_--\n", "\x00\x01\x1b[31m\x7f\n", "\u2028\u0085\x0b\x0c\n", "<b>&amp;</b>\n", "begin 644 x\n#0V%T\n`\nend\n",
		"EHLO x\nRCPT TO:<a@b>\nBDAT 5 LAST\n", "\ufeffbom\n", strings.Repeat("ä", 5000), strings.Repeat(".\n", 300), "Content-Type: text/html\n\n<p>\n",
	}
}

// legacyTexts is a text for each charset.
func legacyTexts() map[string]string {
	return map[string]string{
		"iso-8859-1":   "Grüße, Ännchen\n.\n",
		"windows-1251": "Привет из банка\n",
		"iso-2022-jp":  "日本語の本文\nascii\n",
		"gb18030":      "你好😀\n",
	}
}

// words are values for header fields and display names, without control characters.
func words() []string {
	return []string{
		"Hello", "Grüße aus der Bank", "=?utf-8?q?literal?=", "a =? b ?= c", " leading", "trailing ", "two  blanks", strings.Repeat("word ", 40) + "end", strings.Repeat("ä", 200), strings.Repeat("😀", 80),
		strings.Repeat("x", 77), strings.Repeat("x", 300), "日本語の件名" + strings.Repeat("と", 60), "Smith, Carol (Sales) <x@y>; \"q\" \\", "Re: [list] a:b", "%0d%0aBcc: x", `\r\nBcc: x`, "Ċ嘊", "a'b*0*=c",
	}
}

// fileNames are names that arrive as they are.
func fileNames() []string {
	return []string{
		"report.pdf", `a"b.pdf`, "a b.csv", "a;b=c.txt", "Zahlen für Ännchen.xlsx", "日本語 の ファイル.txt", "👨‍👩‍👧.png", "a'b%41.bin", "x*0*=y", "utf-8'en'%ZZ", "CON", strings.Repeat("n", 200) + ".bin", strings.Repeat("ü", 150),
		strings.Repeat("😀", 60) + ".txt", "a, b.txt", "mail.eml.bin", "ａ／ｂ", "x.txt.exe",
	}
}

// mailboxes are addresses as they are given and as the header has them.
func mailboxes() [][2]string {
	return [][2]string{
		{"ann@example.org", "ann@example.org"}, {`"ann b"@example.org`, `"ann b"@example.org`}, {"a@bücher.example", "a@xn--bcher-kva.example"}, {"a+b.c@[192.0.2.1]", "a+b.c@[192.0.2.1]"},
		{"o'brien@example.org", "o'brien@example.org"}, {strings.Repeat("l", 64) + "@example.org", strings.Repeat("l", 64) + "@example.org"},
	}
}

// binaries are bodies that no line-based tool can hold.
func binaries() []string {
	every := make([]byte, 256)
	for i := range every {
		every[i] = byte(i)
	}
	return []string{
		"", "\x00", "\r\n.\r\nQUIT\r\n", "\r", "\n", "\r\n", string(every), strings.Repeat("\xff", 57), strings.Repeat("\xff", 58), strings.Repeat(string(every), 40), "a\nb\rc\r\n",
	}
}
