package mime

import (
	"bytes"
	stdmime "mime"
	"net/http"
	"path"
	"slices"
	"strings"
	"unicode/utf8"
)

// mediaType is a type with the parameters that are not charset, name or boundary, which
// are the builder's.
type mediaType struct {
	name       string // "text/plain", lower case
	charset    string // "" when none was declared
	parameters []parameter
}

func (t mediaType) isText() bool      { return strings.HasPrefix(t.name, "text/") }
func (t mediaType) isMultipart() bool { return strings.HasPrefix(t.name, "multipart/") }

// fit returns what the type says about the lines of a text.
func (t mediaType) fit() (options fitOptions) {
	for _, p := range t.parameters {
		if p.name == "format" && strings.EqualFold(p.value, "flowed") {
			options |= fitFlowed
		}
	}
	if t.charset == "iso-2022-jp" {
		options |= fitEscapes
	}
	return options
}

// parseMediaType reads "type/subtype; parameter=value" (RFC 2045, section 5.1).
func parseMediaType(text string) (mediaType, *Error) {
	refuse := func(offset int, reason, hint string) (mediaType, *Error) {
		return mediaType{}, &Error{Value: text, Offset: offset, Reason: "the type " + reason, Hint: hint}
	}
	if offset, reason := textFault(text); offset >= 0 {
		return refuse(offset, reason, hintFor(reason))
	}
	if len(text) > maxFileName {
		return refuse(maxFileName, "is longer than 1024 octets", "")
	}
	name, values, err := stdmime.ParseMediaType(text)
	if err != nil || !isTypeName(name) {
		return refuse(-1, "is not type/subtype", `a type looks like "image/png" or "text/plain; format=flowed"`)
	}
	t := mediaType{name: name}
	for key, value := range values {
		switch key {
		case "boundary":
			return refuse(-1, "gives a boundary", "boundaries are made by the builder")
		case "name":
			return refuse(-1, "gives a name", "the name is an option of its own: {name = …}")
		case "charset":
			if t.charset = charsetName(value); t.charset == "" {
				return refuse(-1, "gives an unknown charset", "")
			}
			continue
		}
		// What RFC 2231 decodes to can be anything again.
		if offset, reason := textFault(value); offset >= 0 || !isToken(key) {
			return refuse(-1, "has a parameter that "+reason, "")
		}
		t.parameters = append(t.parameters, parameter{key, value})
	}
	slices.SortFunc(t.parameters, func(a, b parameter) int { return strings.Compare(a.name, b.name) })
	return t, nil
}

// isTypeName checks type/subtype: RFC 6838, section 4.2, at most 127 octets each.
func isTypeName(name string) bool {
	kind, subtype, ok := strings.Cut(name, "/")
	return ok && len(kind) <= 127 && len(subtype) <= 127 && isToken(kind) && isToken(subtype)
}

// detectType finds the type of a file: by the extension of its name, else by its first
// bytes. The system's own tables are not asked, so that all machines agree.
func detectType(name string, data []byte) mediaType {
	t := mediaType{name: typeByExtension(strings.ToLower(path.Ext(name)))}
	if t.name != "" {
		return t
	}
	sniffed := http.DetectContentType(data)
	t.name, sniffed, _ = strings.Cut(sniffed, ";")
	if _, charset, ok := strings.Cut(sniffed, "charset="); ok && charset != "utf-8" {
		t.charset = charset // UTF-16 with a byte order mark
	}
	return t
}

// isUTF8Text reports whether data can be declared as text in UTF-8.
func isUTF8Text(data []byte) bool {
	return utf8.Valid(data) && bytes.IndexByte(data, 0) < 0
}

// typeByExtension knows the files people attach. The types are IANA's; where IANA has
// none, the one that browsers and mail programs use.
func typeByExtension(extension string) string {
	switch extension {
	case ".txt", ".text", ".log":
		return "text/plain"
	case ".htm", ".html":
		return "text/html"
	case ".csv":
		return "text/csv"
	case ".tsv":
		return "text/tab-separated-values"
	case ".md", ".markdown":
		return "text/markdown"
	case ".css":
		return "text/css"
	case ".js", ".mjs":
		return "text/javascript"
	case ".ics", ".ical":
		return "text/calendar"
	case ".vcf", ".vcard":
		return "text/vcard"
	case ".json":
		return "application/json"
	case ".jsonl", ".ndjson":
		return "application/x-ndjson"
	case ".xml":
		return "application/xml"
	case ".yaml", ".yml":
		return "application/yaml"
	case ".toml":
		return "application/toml"
	case ".sql":
		return "application/sql"
	case ".pdf":
		return "application/pdf"
	case ".ps", ".eps":
		return "application/postscript"
	case ".rtf":
		return "application/rtf"
	case ".doc":
		return "application/msword"
	case ".docx":
		return "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
	case ".xls":
		return "application/vnd.ms-excel"
	case ".xlsx":
		return "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
	case ".ppt":
		return "application/vnd.ms-powerpoint"
	case ".pptx":
		return "application/vnd.openxmlformats-officedocument.presentationml.presentation"
	case ".odt":
		return "application/vnd.oasis.opendocument.text"
	case ".ods":
		return "application/vnd.oasis.opendocument.spreadsheet"
	case ".odp":
		return "application/vnd.oasis.opendocument.presentation"
	case ".epub":
		return "application/epub+zip"
	case ".zip":
		return "application/zip"
	case ".gz", ".tgz":
		return "application/gzip"
	case ".bz2":
		return "application/x-bzip2"
	case ".xz":
		return "application/x-xz"
	case ".zst":
		return "application/zstd"
	case ".7z":
		return "application/x-7z-compressed"
	case ".rar":
		return "application/vnd.rar"
	case ".tar":
		return "application/x-tar"
	case ".parquet":
		return "application/vnd.apache.parquet"
	case ".sqlite", ".db":
		return "application/vnd.sqlite3"
	case ".wasm":
		return "application/wasm"
	case ".p7s":
		return "application/pkcs7-signature"
	case ".p7m":
		return "application/pkcs7-mime"
	case ".pem", ".crt":
		return "application/x-x509-ca-cert"
	case ".eml":
		return "message/rfc822"
	case ".png":
		return "image/png"
	case ".jpg", ".jpeg":
		return "image/jpeg"
	case ".gif":
		return "image/gif"
	case ".webp":
		return "image/webp"
	case ".avif":
		return "image/avif"
	case ".svg":
		return "image/svg+xml"
	case ".bmp":
		return "image/bmp"
	case ".tif", ".tiff":
		return "image/tiff"
	case ".ico":
		return "image/vnd.microsoft.icon"
	case ".heic":
		return "image/heic"
	case ".mp3":
		return "audio/mpeg"
	case ".m4a":
		return "audio/mp4"
	case ".ogg", ".oga":
		return "audio/ogg"
	case ".wav":
		return "audio/wav"
	case ".flac":
		return "audio/flac"
	case ".mp4", ".m4v":
		return "video/mp4"
	case ".webm":
		return "video/webm"
	case ".mov":
		return "video/quicktime"
	case ".woff":
		return "font/woff"
	case ".woff2":
		return "font/woff2"
	case ".ttf":
		return "font/ttf"
	case ".otf":
		return "font/otf"
	}
	return ""
}
