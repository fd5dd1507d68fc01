package rows

// What one row may need. Files are made by others, and memory is ours.
const (
	MaxCell    = 8 << 20  // bytes of the text of one cell, in UTF-8
	MaxRow     = 16 << 20 // bytes of one row
	MaxColumns = 16384    // those of a sheet of XLSX
	MaxDepth   = 100      // lists and objects of JSON inside each other
)

// maxExact is the largest whole number up to which float64, and so Lua, holds every one.
const maxExact = 1 << 53
