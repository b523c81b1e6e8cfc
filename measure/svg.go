package measure

import (
	"fmt"
	"io"
	"math"
	"strings"
)

// The picture's measures, in pixels.
const (
	labelWidth = 130
	panelWidth = 180
	panelGap   = 20
	barHeight  = 14
	rowHeight  = 22
	topMargin  = 64
)

// panel is one column of bars.
type panel struct {
	title string
	color string
	value func(*Form) float64 // below zero for none
	text  func(*Form) string
}

var panels = []panel{
	{"size", "#3b6ea5", func(f *Form) float64 {
		if f.Bytes == 0 {
			return -1
		}
		return float64(f.Bytes)
	}, func(f *Form) string { return Size(f.Bytes) }},
	{"save", "#b5651d", func(f *Form) float64 { return f.Save }, func(f *Form) string { return Duration(f.Save) }},
	{"load", "#2e7d4f", func(f *Form) float64 { return f.Load }, func(f *Form) string { return Duration(f.Load) }},
	{"memory", "#5f6b76", func(f *Form) float64 { return float64(f.Memory) }, func(f *Form) string { return Size(f.Memory) }},
	{"one row", "#7a4b94", func(f *Form) float64 { return f.Row }, func(f *Form) string { return Duration(f.Row) }},
	{"batch", "#a03c50", func(f *Form) float64 { return f.Batch }, func(f *Form) string { return Duration(f.Batch) }},
}

// SVG writes a picture: a bar for each form's size, memory and times, on logarithmic scales, and below what each method promises.
func (r *Report) SVG(w io.Writer) error {
	var b strings.Builder
	width := labelWidth + len(panels)*(panelWidth+panelGap)
	var methods []*Form
	for i := range r.Forms {
		if r.Forms[i].Compressor == "" {
			methods = append(methods, &r.Forms[i])
		}
	}
	height := topMargin + len(r.Forms)*rowHeight + 46 + (len(methods)+2)*rowHeight
	fmt.Fprintf(&b, `<svg xmlns="http://www.w3.org/2000/svg" width="%d" height="%d" viewBox="0 0 %d %d" role="img" font-family="sans-serif" font-size="12">`+"\n", width, height, width, height)
	fmt.Fprintf(&b, "<title>%s in every stored form</title>\n", escape(r.Model))
	fmt.Fprintf(&b, `<rect width="%d" height="%d" fill="#ffffff"/>`+"\n", width, height)
	fmt.Fprintf(&b, `<text x="8" y="22" font-size="15" font-weight="bold">%s</text>`+"\n", escape(r.Model+", "+r.Method))
	for i, f := range r.Forms {
		fmt.Fprintf(&b, `<text x="8" y="%d">%s</text>`+"\n", topMargin+i*rowHeight+barHeight-2, escape(f.Name))
	}
	for k, p := range panels {
		x := labelWidth + k*(panelWidth+panelGap)
		fmt.Fprintf(&b, `<text x="%d" y="%d" fill="%s" font-weight="bold">%s</text>`+"\n", x, topMargin-14, p.color, p.title)
		lo, hi := math.Inf(1), math.Inf(-1)
		for i := range r.Forms {
			if v := p.value(&r.Forms[i]); v > 0 {
				lo, hi = min(lo, v), max(hi, v)
			}
		}
		for i := range r.Forms {
			f := &r.Forms[i]
			y := topMargin + i*rowHeight
			v := p.value(f)
			if v <= 0 {
				fmt.Fprintf(&b, `<text x="%d" y="%d" fill="#777777">not measured</text>`+"\n", x, y+barHeight-2)
				continue
			}
			// The shortest bar has a tenth of the width; ten times the value is as much longer everywhere in a panel, and
			// a panel spans a hundred times at least: what differs little looks as if it did.
			part := 0.1 + 0.9*math.Log(v/lo)/math.Log(max(hi/lo, 100))
			bar := part * (panelWidth - 70)
			fmt.Fprintf(&b, `<rect x="%d" y="%d" width="%.1f" height="%d" fill="%s"/>`+"\n", x, y, bar, barHeight, p.color)
			fmt.Fprintf(&b, `<text x="%.1f" y="%d" fill="#333333">%s</text>`+"\n", float64(x)+bar+5, y+barHeight-2, escape(p.text(f)))
		}
	}
	y := topMargin + len(r.Forms)*rowHeight + 22
	fmt.Fprintf(&b, `<text x="8" y="%d" fill="#555555" font-size="11">logarithmic scales; batch: %d rows; measured by larder bench on this machine</text>`+"\n", y, r.Batch)
	columns := []int{8, labelWidth, labelWidth + 2*(panelWidth+panelGap)}
	y += rowHeight + 8
	for i, title := range []string{"method", "security", "portability"} {
		fmt.Fprintf(&b, `<text x="%d" y="%d" font-weight="bold">%s</text>`+"\n", columns[i], y, title)
	}
	for _, f := range methods {
		y += rowHeight
		for i, s := range []string{f.Name, f.Security, f.Portability} {
			fmt.Fprintf(&b, `<text x="%d" y="%d">%s</text>`+"\n", columns[i], y, escape(s))
		}
	}
	b.WriteString("</svg>\n")
	_, err := io.WriteString(w, b.String())
	return err
}

var escaper = strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;", `"`, "&quot;")

func escape(s string) string { return escaper.Replace(s) }
