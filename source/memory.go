package source

import (
	"math"
	"os"
	"path"
	"runtime/debug"
	"strconv"
	"strings"
)

// Memory returns how many bytes this process may use, as GOMEMLIMIT and, on Linux, its control group say;
// math.MaxInt64 where nobody does.
func Memory() int64 {
	limit := debug.SetMemoryLimit(-1)
	groups := []string{"/"}
	if b, err := os.ReadFile("/proc/self/cgroup"); err == nil {
		for _, line := range strings.Split(string(b), "\n") {
			if f := strings.SplitN(line, ":", 3); len(f) == 3 && (f[1] == "" || f[1] == "memory") {
				groups = append(groups, f[2])
			}
		}
	}
	for _, g := range groups {
		// A group is bound by those above it, too.
		for ; ; g = path.Dir(g) {
			for _, file := range []string{path.Join("/sys/fs/cgroup", g, "memory.max"), path.Join("/sys/fs/cgroup/memory", g, "memory.limit_in_bytes")} {
				b, err := os.ReadFile(file)
				if err != nil {
					continue
				}
				if n, err := strconv.ParseInt(strings.TrimSpace(string(b)), 10, 64); err == nil && n > 0 {
					limit = min(limit, n)
				}
			}
			if g == "/" || g == "." {
				break
			}
		}
	}
	if limit >= math.MaxInt64>>1 {
		return math.MaxInt64 // "no limit" of version 1 groups, rounded to pages
	}
	return limit
}
