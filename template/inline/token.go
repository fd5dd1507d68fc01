package inline

import (
	"github.com/tdewolff/parse/v2"
	"github.com/tdewolff/parse/v2/css"
)

// token is one token of a style sheet, with its place in it.
type token struct {
	kind       css.TokenType
	start, end int
}

// tokens splits a style sheet.
func tokens(sheet string) []token {
	lexer := css.NewLexer(parse.NewInputString(sheet))
	var list []token
	for at := 0; ; {
		kind, text := lexer.Next()
		if kind == css.ErrorToken || len(text) == 0 {
			return list
		}
		list = append(list, token{kind, at, at + len(text)})
		at += len(text)
	}
}

// opens says whether a token opens a block or function.
func (t token) opens() bool {
	switch t.kind {
	case css.LeftBraceToken, css.LeftBracketToken, css.LeftParenthesisToken, css.FunctionToken:
		return true
	}
	return false
}

func (t token) closes() bool {
	switch t.kind {
	case css.RightBraceToken, css.RightBracketToken, css.RightParenthesisToken:
		return true
	}
	return false
}

func (t token) blank() bool {
	return t.kind == css.WhitespaceToken || t.kind == css.CommentToken
}

// blockEnd returns the number of the token that closes what token i opens, or how many
// tokens there are where none does: the end of the sheet closes everything (CSS Syntax
// Level 3, section 5.4.8).
func blockEnd(list []token, i int) int {
	var open []css.TokenType
	for ; i < len(list); i++ {
		switch list[i].kind {
		case css.LeftBraceToken:
			open = append(open, css.RightBraceToken)
		case css.LeftBracketToken:
			open = append(open, css.RightBracketToken)
		case css.LeftParenthesisToken, css.FunctionToken:
			open = append(open, css.RightParenthesisToken)
		case css.RightBraceToken, css.RightBracketToken, css.RightParenthesisToken:
			// One that closes nothing is passed over, as the standard has it.
			if open[len(open)-1] == list[i].kind {
				if open = open[:len(open)-1]; len(open) == 0 {
					return i
				}
			}
		}
	}
	return len(list)
}

// trim leaves out whitespace and comments at both ends.
func trim(list []token) []token {
	for len(list) > 0 && list[0].blank() {
		list = list[1:]
	}
	for len(list) > 0 && list[len(list)-1].blank() {
		list = list[:len(list)-1]
	}
	return list
}

// split cuts at a kind of token where it stands in no block or function.
func split(list []token, at css.TokenType) [][]token {
	var parts [][]token
	start := 0
	for i := 0; i < len(list); i++ {
		switch {
		case list[i].opens():
			i = blockEnd(list, i)
		case list[i].kind == at:
			parts = append(parts, list[start:i])
			start = i + 1
		}
	}
	return append(parts, list[min(start, len(list)):])
}

// text returns the source of tokens, comments left out and whitespace made one space.
func text(sheet string, list []token) string {
	out := make([]byte, 0, 32)
	space := false
	for _, t := range list {
		switch t.kind {
		case css.CommentToken:
			if len(out) > 0 {
				space = space || out[len(out)-1] != ' '
			}
			continue
		case css.WhitespaceToken:
			space = true
			continue
		}
		if space && len(out) > 0 {
			out = append(out, ' ')
		}
		space = false
		out = append(out, sheet[t.start:t.end]...)
	}
	return string(out)
}
