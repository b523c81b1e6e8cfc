package pystr

import "testing"

// What str.format gives, "" where it or Format refuses.
func TestFormat(t *testing.T) {
	for _, c := range []struct{ template, want string }{
		{"{a}__{b}", "größe__東"}, {"x{{{b}}}", "x{東}"}, {"{{a}}", "{a}"}, {"{a!s:>6}.{b}", " größe.東"}, {"{a:*^8}", "*größe**"}, {"{b:<3}|", "東  |"},
		{"{a:.2}", "gr"}, {"{a:5.1s}|", "g    |"}, {"{a:é>7}", "éégröße"}, {"{b:03}", "東00"}, {"{b:0>3}", "00東"}, {"{a:}", "größe"}, {"", ""}, {"-", "-"},
		{"{", ""}, {"}", ""}, {"{a", ""}, {"{c}", ""}, {"{}", ""}, {"{0}", ""}, {"{a.b}", ""}, {"{a!r}", ""}, {"{a:{b}}", ""}, {"{a:x}", ""}, {"{a:+5}", ""}, {"{a:=5}", ""}, {"{a:99999999}", ""},
	} {
		got, err := Format(c.template, map[string]string{"a": "größe", "b": "東"})
		if got != c.want || err != nil && c.want != "" || err == nil && c.want == "" && c.template != "" {
			t.Errorf("Format(%q) = %q, %v, want %q", c.template, got, err, c.want)
		}
	}
}
