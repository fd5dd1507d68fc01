// Package inline moves the rules of a page's style elements into style attributes, for
// mail readers that know no style elements or take them away.
//
// It works on the source of an html/template, before it is parsed. Nothing is
// serialised again: style attributes and style elements are changed where they stand, and
// every other byte, actions included, stays as it was.
//
// A page looks the same before and after. So a rule moves only where it is sure to
// hold. What depends on the reader (@media, :hover), and what depends on the data (a
// class made by an action, the first row of a range), stays in its style element, with
// !important where an inlined declaration would now beat it. The table of what is moved,
// kept and raised, and the differences from juice, are in docs/css.md.
//
// Sources: CSS Syntax Level 3 (how rules are found), CSS Cascading Level 4, section 6
// (which declaration wins), Selectors Level 4, section 15 (specificity), and the HTML
// standard, section 13.2.5 (how tags and attributes are found).
package inline
