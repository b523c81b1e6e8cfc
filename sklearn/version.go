package sklearn

import (
	"strconv"
	"strings"
)

// CompareVersions compares two PEP 440 versions by release, then pre- and development releases before and
// post-releases after the release itself: -1, 0 or 1. "" is older than anything.
func CompareVersions(a, b string) int {
	x, y := parseVersion(a), parseVersion(b)
	for i := range x {
		if x[i] != y[i] {
			if x[i] < y[i] {
				return -1
			}
			return 1
		}
	}
	return 0
}

// parseVersion gives five release numbers, then the phase (dev -4, a -3, b -2, rc -1, final 0, post 1) and its number.
func parseVersion(s string) [7]int {
	var v [7]int
	s = strings.ToLower(strings.TrimPrefix(strings.TrimSpace(s), "v"))
	if s == "" {
		v[0] = -1
		return v
	}
	if i := strings.IndexByte(s, '+'); i >= 0 {
		s = s[:i]
	}
	for i := 0; i < 5 && s != ""; i++ {
		n := 0
		for n < len(s) && s[n] >= '0' && s[n] <= '9' {
			n++
		}
		if n == 0 {
			break
		}
		v[i], _ = strconv.Atoi(s[:n])
		s = s[n:]
		if s == "" || s[0] != '.' || len(s) < 2 || s[1] < '0' || s[1] > '9' {
			break
		}
		s = s[1:]
	}
	s = strings.TrimLeft(s, ".-_")
	for _, p := range []struct {
		word  string
		phase int
	}{{"dev", -4}, {"alpha", -3}, {"a", -3}, {"beta", -2}, {"b", -2}, {"rc", -1}, {"c", -1}, {"post", 1}} {
		if strings.HasPrefix(s, p.word) {
			v[5] = p.phase
			v[6], _ = strconv.Atoi(strings.Trim(s[len(p.word):], ".-_"))
			break
		}
	}
	return v
}

// Before reports that the estimator was written by a release older than v. An unrecorded version is older than all.
func (b *Base) Before(v string) bool { return CompareVersions(b.Version, v) < 0 }
