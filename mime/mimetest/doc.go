// Package mimetest makes messages that cross all features of package mime with hostile
// names and texts, and says beside each what a reader must find in it.
//
// What it says does not come from the builder: it is worked out from the description, by
// the rules that package mime documents, so that any reader can be held against it. Write
// puts the messages into a folder for readers in other languages.
package mimetest
