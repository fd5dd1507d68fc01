package probe

// Severity is how much a finding matters.
type Severity string

const (
	// Error is what keeps mailscript from using the server as it should be used.
	Error Severity = "error"
	// Warning works now, and is unwise or will not work for long.
	Warning Severity = "warning"
	// Note is good to know.
	Note Severity = "note"
)

func (s Severity) rank() int {
	switch s {
	case Error:
		return 0
	case Warning:
		return 1
	}
	return 2
}

// Finding is one thing that is wrong, or good to know.
type Finding struct {
	Severity Severity `json:"severity"`
	// Name tells findings apart, for programs: "certificate-expired".
	Name string `json:"name"`
	// What was seen.
	What string `json:"what"`
	// Cause is why that is likely so, "" where it says itself.
	Cause string `json:"cause,omitempty"`
	// Action is what to do, "" where there is nothing.
	Action string `json:"action,omitempty"`
	// Config is what to write into the account in mailscript.toml.
	Config string `json:"config,omitempty"`
}

func (p *prober) find(f Finding) { p.target.Findings = append(p.target.Findings, f) }
