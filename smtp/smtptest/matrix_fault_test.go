//go:build matrix

package smtptest_test

import (
	"strings"

	. "github.com/mailscript/mailscript/smtp/smtptest"
)

// class is what a fault comes to, whatever it looks like.
type class string

const (
	harmless class = "harmless" // odd, yet the usual reply
	refusal  class = "refusal"  // 4xx or 5xx
	hangup   class = "hangup"   // a refusal, and the server leaves
	silent   class = "silent"   // no reply, ever
	garbage  class = "garbage"  // what is no reply
	surplus  class = "surplus"  // the usual reply, and more
	wrong    class = "wrong"    // a reply of a class that no standard allows here
	mute     class = "mute"     // one reply too few
	leaving  class = "leaving"  // the usual reply, and the server leaves
)

// fault is one thing that a server can do where it should give the usual reply.
type fault struct {
	name  string
	class class
	kind  string // of the client's error where it is silent or garbage
	slow  bool   // takes until a timeout: over a pipe, with the clock of synctest
	code  int    // of a refusal
	again bool   // a refusal that means "too many recipients"
	act   func(usual Reply) Act
}

func faults() (list []fault) {
	add := func(f fault) { list = append(list, f) }

	// What must change nothing: FAULTS 17, 19, 25, 26.
	odd := func(name string, raw func(text string) string) {
		add(fault{name: name, class: harmless, act: func(u Reply) Act { return Act{Reply: u, Raw: raw(u.String())} }})
	}
	add(fault{name: "usual", class: harmless, act: func(Reply) Act { return Act{} }})
	add(fault{name: "octets", class: harmless, act: func(Reply) Act { return Act{Octets: true} }})
	for _, cut := range []int{1, 2, 3, 4, 5} {
		add(fault{name: "cut " + string(rune('0'+cut)), class: harmless, slow: true, act: func(Reply) Act { return Act{Cut: cut} }})
	}
	add(fault{name: "cut before LF", class: harmless, slow: true, act: func(u Reply) Act { return Act{Cut: len(u.String()) - 1} }})
	add(fault{name: "cut before CRLF", class: harmless, slow: true, act: func(u Reply) Act { return Act{Cut: len(u.String()) - 2} }})
	odd("bare LF", func(s string) string { return strings.ReplaceAll(s, "\r\n", "\n") })
	odd("bare code", func(s string) string { return s[:strings.LastIndex(s[:len(s)-2], "\n")+1] + lastCode(s) + "\r\n" })
	odd("code and blank", func(s string) string { return s[:strings.LastIndex(s[:len(s)-2], "\n")+1] + lastCode(s) + " \r\n" })
	odd("trailing blanks", func(s string) string { return strings.ReplaceAll(s, "\r\n", "   \r\n") })
	odd("leading blanks", func(s string) string { return s[:4] + "  " + s[4:] })
	odd("wrong enhanced code", func(s string) string { return s[:4] + "5.1.1 " + s[4:] })
	odd("800 octets", func(s string) string { return strings.TrimSuffix(s, "\r\n") + " " + strings.Repeat("x", 800) + "\r\n" })

	// Refusals.
	for _, r := range []Reply{
		{Code: 450, Enhanced: "4.2.1"}, {Code: 451, Enhanced: "4.3.0"}, {Code: 452, Enhanced: "4.3.1"},
		{Code: 454, Enhanced: "4.7.0"}, {Code: 455}, {Code: 471, Enhanced: "4.7.1"}, {Code: 499},
		{Code: 500, Enhanced: "5.5.2"}, {Code: 501, Enhanced: "5.5.4"}, {Code: 502, Enhanced: "5.5.1"},
		{Code: 503, Enhanced: "5.5.1"}, {Code: 504, Enhanced: "5.5.4"}, {Code: 535, Enhanced: "5.7.8"},
		{Code: 550, Enhanced: "5.7.1"}, {Code: 551}, {Code: 552, Enhanced: "5.2.2"}, {Code: 553, Enhanced: "5.1.3"},
		{Code: 554, Enhanced: "5.7.1"}, {Code: 555, Enhanced: "5.5.4"}, {Code: 571}, {Code: 599},
		{Code: 421, Enhanced: "4.3.2"}, {Code: 452, Enhanced: "4.5.3"}, {Code: 552, Enhanced: "5.5.3"},
	} {
		name := strings.TrimSpace(r.String()[:3] + " " + r.Enhanced)
		add(fault{
			name: name, class: refusal, code: r.Code, again: r.Enhanced == "4.5.3" || r.Enhanced == "5.5.3",
			act: func(Reply) Act { return Act{Reply: r} },
		})
	}
	add(fault{name: "550 in octets", class: refusal, code: 550, act: func(Reply) Act { return Act{Reply: Reply{Code: 550, Enhanced: "5.7.1"}, Octets: true} }})
	add(fault{name: "450 in lines", class: refusal, code: 450, act: func(Reply) Act {
		return Act{Reply: Reply{Code: 450, Enhanced: "4.7.1", Lines: []string{"a", "b", "c"}}}
	}})
	add(fault{name: "421 and close", class: refusal, code: 421, act: func(Reply) Act { return Act{Reply: Reply{Code: 421}, Then: Close} }})
	for _, then := range []Ending{Close, Drop, HalfClose} {
		for _, code := range []int{450, 550} {
			name := "450 and "
			if code == 550 {
				name = "550 and "
			}
			add(fault{name: name + string(then), class: hangup, code: code, act: func(Reply) Act {
				return Act{Reply: Reply{Code: code}, Then: then}
			}})
		}
	}

	// No reply.
	for _, then := range []Ending{Close, Drop, Reset, HalfClose} {
		add(fault{name: string(then), class: silent, kind: "lost", act: func(Reply) Act { return Act{Mute: true, Then: then} }})
		add(fault{name: "usual and " + string(then), class: leaving, act: func(Reply) Act { return Act{Then: then} }})
	}
	for name, part := range map[string]func(string) string{
		"half a code":       func(s string) string { return s[:2] },
		"a code":            func(s string) string { return s[:3] },
		"all but LF":        func(s string) string { return s[:len(s)-1] },
		"all but CRLF":      func(s string) string { return s[:len(s)-2] },
		"half the lines":    func(s string) string { return s[:3] + "-ok\r\n" },
		"half second lines": func(s string) string { return s[:3] + "-ok\r\n" + s[:3] + " o" },
	} {
		add(fault{name: name + ", drop", class: silent, kind: "lost", act: func(u Reply) Act { return Act{Raw: part(u.String()), Then: Drop} }})
		add(fault{name: name + ", silence", class: silent, kind: "timeout", slow: true, act: func(u Reply) Act { return Act{Raw: part(u.String()), Then: Silence} }})
	}
	add(fault{name: "silence", class: silent, kind: "timeout", slow: true, act: func(Reply) Act { return Act{Mute: true, Then: Silence} }})
	add(fault{name: "mute", class: mute, slow: true, act: func(Reply) Act { return Act{Mute: true} }})

	// No reply either, though it looks like one: FAULTS 20 to 23.
	for name, raw := range map[string]string{
		"four digits": "2200 x\r\n", "two digits": "25x\r\n", "letter": "250x\r\n", "dash": "-50 no\r\n",
		"class 6": "666 x\r\n", "class 1": "150 x\r\n", "class 0": "050 x\r\n", "empty line": "\r\n", "NUL": "250 o\x00k\r\n",
		"junk": "\xff\xfe2\xc3\xa9\r\n", "bare CR": "250\rok\r\n", "short": "25\r\n", "HTTP": "HTTP/1.1 400 Bad Request\r\n\r\n",
		"blank first": " 250 ok\r\n", "full-width": "２５０ ok\r\n", "lone LF": "\n",
		"codes differ up": "250-ok\r\n550 no\r\n", "codes differ down": "550-no\r\n250 ok\r\n", "codes differ late": "250-a\r\n250-b\r\n251 c\r\n",
		"long line": "250 " + strings.Repeat("x", 5000) + "\r\n", "129 lines": strings.Repeat("250-x\r\n", 128) + "250 x\r\n",
	} {
		add(fault{name: name, class: garbage, kind: "protocol", act: func(Reply) Act { return Act{Raw: raw} }})
	}
	add(fault{name: "endless line", class: garbage, kind: "protocol", act: func(Reply) Act { return Act{Raw: strings.Repeat("2", 1000), Endless: true} }})
	add(fault{name: "endless lines", class: garbage, kind: "protocol", act: func(Reply) Act { return Act{Raw: "250-x\r\n", Endless: true} }})

	// More than was asked for: FAULTS 18, 33, 34, 64.
	for name, text := range map[string]string{"250 more": "250 2.0.0 more\r\n", "550 more": "550 5.0.0 more\r\n", "354 more": "354 more\r\n", "fragment": "25"} {
		add(fault{name: name, class: surplus, act: func(Reply) Act { return Act{Surplus: text} }})
	}

	// Out of place: FAULTS 54.
	for _, code := range []int{250, 251, 354, 334} {
		add(fault{name: "wrong " + Reply{Code: code}.String()[:3], class: wrong, code: code, act: func(Reply) Act { return Act{Reply: Reply{Code: code}} }})
	}
	return list
}

func lastCode(text string) string { return text[:3] }
