package luaapi

import (
	"time"

	lua "github.com/yuin/gopher-lua"
)

func timeModule() *Module {
	return &Module{
		Name: "time",
		Doc:  "Waiting. Durations are a number of seconds, or a text such as \"90s\", \"5m\", \"1h30m\".",
		Functions: []Function{{
			Name: "sleep", Params: []Param{{"duration", "number|string", `seconds, or "5m"`}},
			Doc: "Wait. Ctrl-C ends it at once.", Example: `time.sleep("0.01s")`,
			Call: func(c *Call) []lua.LValue {
				duration, err := parseDuration(c.Arg(0))
				if err != nil {
					c.Usage("", "%v", err)
				}
				timer := time.NewTimer(duration)
				defer timer.Stop()
				select {
				case <-timer.C:
				case <-c.Context().Done():
				}
				return nil
			},
		}},
	}
}
