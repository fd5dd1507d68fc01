// Package plaintext makes the text part of a message from its HTML, for those who read
// text and for those who judge mail by having it.
//
// Paragraphs are filled to 72 columns, headings underlined, lists marked and nested,
// quotations begin with ">". Links become numbers, with the addresses at the end, each
// once; a link whose text is its address stays where it is. A table with header cells
// becomes columns; any other is taken as layout, and read cell after cell. Pictures are
// their alt text. What mail programs hide is left out: display:none, the hidden
// attribute, scripts, style sheets, and the invisible characters that newsletters put
// behind their first line.
//
// Only style attributes are looked at, no style sheets. The time taken and the length of
// the result grow with the length of the input, however it is nested.
package plaintext
