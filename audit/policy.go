package audit

import (
	"bytes"
	"encoding/json"
	"fmt"
)

// ParsePolicy reads a policy file: a JSON object with
//
//	"trusted"  a list of classes, by exact name
//	"strict"   true to refuse old opcodes and Python 2 forms
func ParsePolicy(b []byte) (Policy, error) {
	var f struct {
		Trusted []string `json:"trusted"`
		Strict  bool     `json:"strict"`
	}
	d := json.NewDecoder(bytes.NewReader(b))
	d.DisallowUnknownFields()
	if err := d.Decode(&f); err != nil {
		return Policy{}, fmt.Errorf("audit: policy: %w", err)
	}
	return Policy{Trusted: f.Trusted, Strict: f.Strict}, nil
}

// RuleFormat is the rule of a file whose format is not known.
const RuleFormat = ruleFormat
