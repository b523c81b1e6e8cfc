package sklearn

import "testing"

// The order is what packaging.version gives; testdata of its own specification and scikit-learn's releases.
func TestVersionsAreOrderedByPEP440(t *testing.T) {
	ordered := []string{"", "0.17", "0.19.2", "0.22.2", "0.22.2.post1", "0.23", "1.0.dev456", "1.0a1", "1.0a2.dev456", "1.0a12.dev456", "1.0a12",
		"1.0b1.dev456", "1.0b2", "1.0b2.post345.dev456", "1.0b2.post345", "1.0rc1.dev456", "1.0rc1", "1.0", "1.0+abc.5", "1.0+abc.7", "1.0+5",
		"1.0.post456.dev34", "1.0.post456", "1.0.15", "1.1.dev1", "1.2.0rc1", "1.2.0", "1.5.dev0", "1.5.0", "1.9.1", "1.10", "1!0.1"}
	for i, a := range ordered {
		for j, b := range ordered {
			want := 0
			if i < j {
				want = -1
			} else if i > j {
				want = 1
			}
			if got := CompareVersions(a, b); got != want {
				t.Errorf("CompareVersions(%q, %q) = %d, want %d", a, b, got, want)
			}
		}
	}
	for _, same := range [][2]string{{"1.2", "1.2.0"}, {"v1.2.0", "1.2"}, {"1.2rc1", "1.2.0-RC.1"}, {"1.2.0c1", "1.2rc1"}, {"1.0-1", "1.0.post1"},
		{"1.0alpha1", "1.0a1"}, {"1.0.dev", "1.0dev0"}, {"1.0.rev2", "1.0.post2"}, {" 1.3.0 ", "1.3"}, {"1.0a", "1.0a0"}} {
		if CompareVersions(same[0], same[1]) != 0 {
			t.Errorf("%q and %q differ", same[0], same[1])
		}
	}
}

func TestVersionsThatAreNone(t *testing.T) {
	for _, s := range []string{"", "x", "1.2.x", "1.2 rc1 final", "latest", ">=1.2", "1..2", "1.2.", "1.2+", "!1", "1.2rc1x", "1.2+a\nb", "1.2+a b", "1.2+--x"} {
		if v, ok := ParseVersion(s); ok {
			t.Errorf("ParseVersion(%q) = %+v", s, v)
		}
	}
	v, ok := ParseVersion("1.2.0rc1")
	if !ok || v.Minor() != "1.2" || v.Final() || v.Part(5) != 0 {
		t.Errorf("%+v", v)
	}
	if v, _ := ParseVersion("0.22.2.post1"); !v.Final() || v.Minor() != "0.22" {
		t.Errorf("%+v", v)
	}
}
