package audit

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"path/filepath"
)

// maxSARIF is the number of results code scanning takes in one run.
const maxSARIF = 25_000

// SARIF gives reports as a SARIF 2.1.0 log, as Go values for encoding/json. version is the program's.
func SARIF(reports []*Report, version string) map[string]any {
	levels := map[Level]string{Note: "note", Warning: "warning", Error: "error", Critical: "error"}
	var rules, results []any
	for _, r := range Rules() {
		rules = append(rules, map[string]any{
			"id": r.ID, "name": r.Title, "shortDescription": sarifText(r.Title), "fullDescription": sarifText(r.Title + ". " + r.Reason),
			"help": sarifText(r.Fix + " "), "properties": map[string]any{"effect": r.Effect},
		})
	}
	for _, rep := range reports {
		for _, f := range rep.Findings {
			if len(results) == maxSARIF {
				break
			}
			region := map[string]any{"startLine": 1}
			if f.Offset >= 0 {
				region = map[string]any{"byteOffset": f.Offset, "byteLength": 1}
			}
			logical := map[string]any{"kind": "member", "fullyQualifiedName": f.Symbol}
			switch {
			case f.Path != "":
				logical["name"] = f.Path
			case f.Index >= 0:
				logical["name"] = fmt.Sprintf("opcode %d", f.Index)
			}
			sum := sha256.Sum256(fmt.Appendf(nil, "%s\x00%s\x00%s\x00%d", f.Rule, f.Symbol, f.Path, f.Index))
			results = append(results, map[string]any{
				"ruleId": f.Rule, "level": levels[f.Level], "message": sarifText(f.Message),
				"locations": []any{map[string]any{
					"physicalLocation": map[string]any{"artifactLocation": map[string]any{"uri": filepath.ToSlash(rep.Path)}, "region": region},
					"logicalLocations": []any{logical},
				}},
				"partialFingerprints": map[string]any{"finding/v1": hex.EncodeToString(sum[:16])},
				"properties":          map[string]any{"verdict": rep.Verdict, "severity": f.Level},
			})
		}
	}
	if results == nil {
		results = []any{}
	}
	return map[string]any{
		"$schema": "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json", "version": "2.1.0",
		"runs": []any{map[string]any{
			"tool":       map[string]any{"driver": map[string]any{"name": "larder", "version": version, "rules": rules}},
			"columnKind": "utf16CodeUnits", "results": results,
		}},
	}
}

func sarifText(s string) map[string]any { return map[string]any{"text": s} }
