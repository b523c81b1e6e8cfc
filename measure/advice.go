package measure

import "fmt"

// network is the speed a model is thought to be fetched with: 1 Gbit/s, in bytes per second.
const network = 125e6

// ready is how long it takes until a fetched model answers.
func (f *Form) ready() float64 { return float64(f.Bytes)/network + f.Load }

// advice gives one line: what to deploy, what to archive, what to hand on.
func advice(r *Report) string {
	var plain, soonest, smallest *Form
	skops := false
	for i := range r.Forms {
		f := &r.Forms[i]
		if f.Load < 0 || f.Problem != "" {
			continue
		}
		if f.Format == "skops" {
			skops = true
		}
		if f.Format != "joblib" {
			continue
		}
		if f.Compressor == "" {
			plain = f
		}
		if soonest == nil || f.ready() < soonest.ready() {
			soonest = f
		}
		if smallest == nil || f.Bytes < smallest.Bytes {
			smallest = f
		}
	}
	if plain == nil {
		return "No stored form of this model could be written and opened again: the problems above say why."
	}
	others := "; "
	if skops {
		others += "give people who open it in Python skops, which they can inspect first"
	} else {
		others += "only give it as joblib to people who trust you: Python runs what is in it"
	}
	if plain.Bytes < 1<<20 {
		return fmt.Sprintf("Deploy joblib as it is: at %s compressing it gains nothing%s.", Size(plain.Bytes), others)
	}
	share := ""
	if plain.Mapped {
		share = fmt.Sprintf("; uncompressed where several processes share it (opens in %s, %s of heap)", Duration(plain.Load), Size(plain.Memory))
	}
	if soonest == plain {
		return fmt.Sprintf("Deploy joblib uncompressed: fetched at 1 Gbit/s and opened in %s, sooner than any compressed form; archive %s (%.1fx smaller)%s.",
			Duration(plain.ready()), smallest.Name, float64(plain.Bytes)/float64(smallest.Bytes), others)
	}
	return fmt.Sprintf("Deploy %s: %.1fx smaller, fetched at 1 Gbit/s and opened in %s where uncompressed takes %s%s; archive %s (%.1fx smaller)%s.",
		soonest.Name, float64(plain.Bytes)/float64(soonest.Bytes), Duration(soonest.ready()), Duration(plain.ready()), share,
		smallest.Name, float64(plain.Bytes)/float64(smallest.Bytes), others)
}

// Size is a number of bytes in words.
func Size(n int64) string {
	switch {
	case n < 0:
		return "-"
	case n < 1000:
		return fmt.Sprintf("%d B", n)
	case n < 1_000_000:
		return fmt.Sprintf("%.1f kB", float64(n)/1e3)
	case n < 1_000_000_000:
		return fmt.Sprintf("%.1f MB", float64(n)/1e6)
	}
	return fmt.Sprintf("%.2f GB", float64(n)/1e9)
}

// Duration is a number of seconds in words.
func Duration(s float64) string {
	switch {
	case s < 0:
		return "-"
	case s < 1e-3:
		return fmt.Sprintf("%.1f us", s*1e6)
	case s < 1:
		return fmt.Sprintf("%.2f ms", s*1e3)
	}
	return fmt.Sprintf("%.2f s", s)
}
