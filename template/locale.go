package template

import (
	"strings"
	"unicode/utf8"

	"golang.org/x/text/language"
	"golang.org/x/text/message"
	cldr "golang.org/x/text/number"
)

// locale is how a language writes numbers, money and dates.
type locale struct {
	tag              language.Tag
	decimal, group   string
	groupFirst, rest int // digits in the last group, and in each before it
	zero             rune
	percent          string
	// before says that a currency's symbol stands before the amount; gap is what
	// stands between.
	before bool
	gap    string
	names  *calendar // nil if the language's names are unknown
}

const noBreakSpace = "\u00a0"

// newLocale looks at how golang.org/x/text, which has the data of Unicode CLDR, writes
// a number, once; it would take too long to ask for each.
func newLocale(o Options) (*locale, error) {
	tag, err := language.Parse(o.Language)
	if err != nil {
		return nil, &Error{Message: "language " + o.Language + ": " + err.Error(), Err: err,
			Hint: `write a language tag like "de" or "pt-BR"`}
	}
	base, _ := tag.Base()
	l := &locale{tag: tag, gap: noBreakSpace, percent: noBreakSpace + "%", names: calendars[base.String()]}
	l.measure(message.NewPrinter(tag).Sprint(cldr.Decimal(1234567890.5, cldr.Scale(1))))
	switch base.String() {
	case "en", "ja", "zh", "ko", "hi", "th", "he":
		l.before, l.gap = true, ""
	case "nl", "tr", "nb", "no", "da", "id", "ms":
		l.before = base.String() != "da"
	case "pt":
		region, _ := tag.Region()
		l.before = region.String() == "BR"
	case "de":
		region, _ := tag.Region()
		l.before = region.String() == "CH" || region.String() == "AT"
	}
	switch base.String() {
	case "en", "ja", "zh", "ko", "hi", "th", "he", "it", "nl", "pt", "id":
		l.percent = "%"
	}
	return l, nil
}

// measure reads separators and the sizes of groups from a number.
func (l *locale) measure(sample string) {
	first, _ := utf8.DecodeRuneInString(sample)
	l.zero = first - 1
	isDigit := func(r rune) bool { return r >= l.zero && r <= l.zero+9 }
	var groups []int
	var separators []string
	count, between := 0, ""
	for _, r := range sample {
		if !isDigit(r) {
			between += string(r)
			continue
		}
		if between != "" {
			groups, separators = append(groups, count), append(separators, between)
			count, between = 0, ""
		}
		count++
	}
	n := len(separators)
	l.decimal = separators[n-1]
	if n > 1 {
		l.group, l.groupFirst, l.rest = separators[0], groups[n-1], groups[n-2]
		if n == 2 {
			l.rest = l.groupFirst
		}
	}
}

// appendNumber writes digits in groups.
func (l *locale) appendNumber(out []byte, d digits) []byte {
	if d.negative {
		out = append(out, '-')
	}
	for i := range len(d.whole) {
		left := len(d.whole) - i
		if i > 0 && l.groupFirst > 0 && (left == l.groupFirst || left > l.groupFirst && (left-l.groupFirst)%l.rest == 0) {
			out = append(out, l.group...)
		}
		out = l.appendDigit(out, d.whole[i])
	}
	if d.fraction != "" {
		out = append(out, l.decimal...)
		for i := range len(d.fraction) {
			out = l.appendDigit(out, d.fraction[i])
		}
	}
	return out
}

func (l *locale) appendDigit(out []byte, digit byte) []byte {
	return utf8.AppendRune(out, l.zero+rune(digit-'0'))
}

// symbols are those that readers of any language take for the currency.
var symbols = map[string]string{
	"EUR": "€", "USD": "$", "GBP": "£", "JPY": "¥", "CNY": "CN¥", "INR": "₹", "KRW": "₩", "BRL": "R$", "PLN": "zł",
	"CZK": "Kč", "ILS": "₪", "VND": "₫", "TRY": "₺", "UAH": "₴", "AUD": "A$", "CAD": "CA$", "NZD": "NZ$", "MXN": "MX$",
	"HKD": "HK$",
}

// appendMoney writes an amount with its currency.
func (l *locale) appendMoney(out []byte, d digits, code string) []byte {
	symbol := symbols[code]
	gap := l.gap
	if symbol == "" {
		symbol, gap = code, noBreakSpace
	}
	if !l.before {
		out = l.appendNumber(out, d)
		return append(append(out, gap...), symbol...)
	}
	if d.negative {
		out = append(out, '-')
		d.negative = false
	}
	out = append(append(out, symbol...), gap...)
	return l.appendNumber(out, d)
}

// calendar are the names of months and days.
type calendar struct {
	months, days []string
	// long and short are formats for date.
	long, short string
}

func names(list string) []string { return strings.Fields(list) }

// calendars are by language. The days begin on Sunday.
var calendars = map[string]*calendar{
	"en": {names("January February March April May June July August September October November December"),
		names("Sunday Monday Tuesday Wednesday Thursday Friday Saturday"), "%-d %B %Y", "%d/%m/%Y"},
	"de": {names("Januar Februar März April Mai Juni Juli August September Oktober November Dezember"),
		names("Sonntag Montag Dienstag Mittwoch Donnerstag Freitag Samstag"), "%-d. %B %Y", "%d.%m.%Y"},
	"fr": {names("janvier février mars avril mai juin juillet août septembre octobre novembre décembre"),
		names("dimanche lundi mardi mercredi jeudi vendredi samedi"), "%-d %B %Y", "%d/%m/%Y"},
	"es": {names("enero febrero marzo abril mayo junio julio agosto septiembre octubre noviembre diciembre"),
		names("domingo lunes martes miércoles jueves viernes sábado"), "%-d de %B de %Y", "%-d/%-m/%Y"},
	"it": {names("gennaio febbraio marzo aprile maggio giugno luglio agosto settembre ottobre novembre dicembre"),
		names("domenica lunedì martedì mercoledì giovedì venerdì sabato"), "%-d %B %Y", "%d/%m/%Y"},
	"nl": {names("januari februari maart april mei juni juli augustus september oktober november december"),
		names("zondag maandag dinsdag woensdag donderdag vrijdag zaterdag"), "%-d %B %Y", "%d-%m-%Y"},
	"pt": {names("janeiro fevereiro março abril maio junho julho agosto setembro outubro novembro dezembro"),
		names("domingo segunda-feira terça-feira quarta-feira quinta-feira sexta-feira sábado"), "%-d de %B de %Y", "%d/%m/%Y"},
	"pl": {names("stycznia lutego marca kwietnia maja czerwca lipca sierpnia września października listopada grudnia"),
		names("niedziela poniedziałek wtorek środa czwartek piątek sobota"), "%-d %B %Y", "%d.%m.%Y"},
	"sv": {names("januari februari mars april maj juni juli augusti september oktober november december"),
		names("söndag måndag tisdag onsdag torsdag fredag lördag"), "%-d %B %Y", "%Y-%m-%d"},
	"da": {names("januar februar marts april maj juni juli august september oktober november december"),
		names("søndag mandag tirsdag onsdag torsdag fredag lørdag"), "%-d. %B %Y", "%d.%m.%Y"},
}
