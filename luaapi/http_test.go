package luaapi

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"testing"
)

// aroundWeb is Lua after which http asks a server of the test, whatever the URL says.
func aroundWeb(t *testing.T) string {
	t.Helper()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		w.Header().Set("Content-Type", "application/json")
		fmt.Fprint(w, `{"rate": 1.5}`)
	}))
	t.Cleanup(server.Close)
	return fmt.Sprintf(`
local real = http
http = setmetatable({}, { __index = function(_, name)
  return function(url, options)
    options = options or {}
    options.allow = "127.0.0.1"
    return real[name]((url:gsub("https://[^/]+", %q)), options)
  end
end })
`, server.URL)
}
