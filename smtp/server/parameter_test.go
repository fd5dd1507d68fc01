package server

import (
	"crypto/tls"
	"testing"
	"time"
)

func TestRareParameters(t *testing.T) {
	soon := time.Now().Add(time.Hour).UTC().Format(time.RFC3339)
	late := time.Now().Add(10 * 24 * time.Hour).UTC().Format(time.RFC3339)
	for text, good := range map[string]bool{
		"REQUIRETLS": true, "REQUIRETLS=yes": false,
		"BY=60;R": true, "BY=60;rt": true, "BY=0;N": true, "BY=-5;N": true, "BY=0;R": false, "BY=60": false, "BY=60;X": false, "BY=;R": false, "BY=1234567890;R": false,
		"HOLDFOR=60": true, "HOLDFOR=0": false, "HOLDFOR=9999999": false, "HOLDFOR=x": false, "HOLDFOR=1 HOLDUNTIL=" + soon: false,
		"HOLDUNTIL=" + soon: true, "HOLDUNTIL=" + late: false, "HOLDUNTIL=soon": false,
		"MT-PRIORITY=3": true, "MT-PRIORITY=-9": true, "MT-PRIORITY=10": false, "MT-PRIORITY=+1": false, "MT-PRIORITY=": false, "MT-PRIORITY": false,
	} {
		s := &session{config: Config{}.withDefaults(), peer: Peer{Extended: true, TLS: &tls.ConnectionState{}}}
		parameters, ok := parseParameters(text)
		var sender Sender
		for _, p := range parameters {
			ok = ok && s.senderParameter(&sender, p) == (Reply{})
		}
		if ok != good {
			t.Errorf("%s: accepted: %v", text, ok)
		}
		s.peer.TLS = nil
		if text == "REQUIRETLS" && s.senderParameter(&sender, parameters[0]) != replyUnknownParameter {
			t.Error("REQUIRETLS is taken without TLS")
		}
	}
}
