package parquet

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math"

	"github.com/andybalholm/brotli"
	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/snappy"
	"github.com/klauspost/compress/zstd"
	"github.com/parquet-go/parquet-go/encoding/delta"
	"github.com/parquet-go/parquet-go/format"

	"github.com/larder-ml/larder/source"
)

// What decodes columns takes every count and size in a file for true. Here they are held against the bytes that are there before it
// sees them.

// compact walks what Thrift's compact protocol wrote.
type compact struct {
	b     []byte
	at    int
	made  int // structures and items of lists
	depth int
}

var errCut = errors.New("the description is cut off")

func (c *compact) byte() (byte, error) {
	if c.at >= len(c.b) {
		return 0, errCut
	}
	c.at++
	return c.b[c.at-1], nil
}

func (c *compact) uvarint() (uint64, error) {
	v, n := binary.Uvarint(c.b[c.at:])
	if n <= 0 {
		return 0, errCut
	}
	c.at += n
	return v, nil
}

func (c *compact) skip(n uint64) error {
	if n > uint64(len(c.b)-c.at) { //nolint:gosec // not negative
		return errCut
	}
	c.at += int(n) //nolint:gosec // no more than there is
	return nil
}

// Types of fields and items.
const (
	thriftTrue = iota + 1
	thriftFalse
	thriftByte
	thriftInt16
	thriftInt32
	thriftInt64
	thriftDouble
	thriftBinary
	thriftList
	thriftSet
	thriftMap
	thriftStruct
)

const maxNested = 32

// structure walks a structure and tells each number in it, with its field and that of the structure around it.
func (c *compact) structure(outer int16, tell func(outer, field int16, v int64)) error {
	if c.made++; c.depth >= maxNested {
		return errors.New("the description nests too deep")
	}
	c.depth++
	defer func() { c.depth-- }()
	id := int16(0)
	for {
		b, err := c.byte()
		if err != nil {
			return err
		}
		kind := b & 15
		if kind == 0 {
			return nil
		}
		if by := int16(b >> 4); by > 0 {
			id += by
		} else {
			v, err := c.uvarint()
			if err != nil {
				return err
			}
			id = int16(unzigzag(v)) //nolint:gosec // as many bits as it has
		}
		switch kind {
		case thriftTrue, thriftFalse:
			tell(outer, id, int64(2-kind))
			continue
		}
		if err := c.value(kind, outer, id, tell); err != nil {
			return err
		}
	}
}

func unzigzag(v uint64) int64 { return int64(v>>1) ^ -int64(v&1) }

func (c *compact) value(kind byte, outer, id int16, tell func(outer, field int16, v int64)) error {
	switch kind {
	case thriftTrue, thriftFalse, thriftByte:
		return c.skip(1)
	case thriftInt16, thriftInt32, thriftInt64:
		v, err := c.uvarint()
		tell(outer, id, unzigzag(v))
		return err
	case thriftDouble:
		return c.skip(8)
	case thriftBinary:
		n, err := c.uvarint()
		if err != nil {
			return err
		}
		return c.skip(n)
	case thriftStruct:
		if outer != 0 {
			id = -1 // fields are told of two levels
		}
		return c.structure(id, tell)
	case thriftList, thriftSet:
		b, err := c.byte()
		if err != nil {
			return err
		}
		n, kind := uint64(b>>4), b&15
		if n == 15 {
			if n, err = c.uvarint(); err != nil {
				return err
			}
		}
		if n > uint64(len(c.b)-c.at) { //nolint:gosec // an item takes a byte at least
			return errCut
		}
		c.made += int(n)
		for range n {
			if err := c.value(kind, -1, -1, func(_, _ int16, _ int64) {}); err != nil {
				return err
			}
		}
		return nil
	case thriftMap:
		return errors.New("a map, which no description holds")
	}
	return fmt.Errorf("no type is %d", kind)
}

// perItem is more than the memory that an item of a description is decoded into.
const perItem = 1024

// described checks a file's description before it is decoded.
func described(b []byte) error {
	c := &compact{b: b}
	if err := c.structure(0, func(_, _ int16, _ int64) {}); err != nil {
		return err
	}
	if most := 16<<20 + 64*len(b); c.made > most/perItem {
		return fmt.Errorf("%d items in a description of %d bytes", c.made, len(b))
	}
	return nil
}

// page is what a page's header says.
type page struct {
	kind                         format.PageType
	unpacked, packed             int64
	values, nulls, rows          int64
	encoding, levels             format.Encoding
	levelBytes, repetitionsBytes int64
	plain                        bool // not compressed though its column is
}

// header reads a page's header and gives its length.
func header(b []byte) (p page, size int, err error) {
	c := &compact{b: b}
	err = c.structure(0, func(outer, field int16, v int64) {
		switch [2]int16{outer, field} {
		case [2]int16{0, 1}:
			p.kind = format.PageType(v) //nolint:gosec // compared with those there are
		case [2]int16{0, 2}:
			p.unpacked = v
		case [2]int16{0, 3}:
			p.packed = v
		case [2]int16{5, 1}, [2]int16{7, 1}, [2]int16{8, 1}:
			p.values = v
		case [2]int16{5, 2}, [2]int16{8, 4}:
			p.encoding = format.Encoding(v) //nolint:gosec // compared with those there are
		case [2]int16{5, 3}:
			p.levels = format.Encoding(v) //nolint:gosec // compared with those there are
		case [2]int16{8, 2}:
			p.nulls = v
		case [2]int16{8, 3}:
			p.rows = v
		case [2]int16{8, 5}:
			p.levelBytes = v
		case [2]int16{8, 6}:
			p.repetitionsBytes = v
		case [2]int16{8, 7}:
			p.plain = v == 0
		}
	})
	if err == nil && c.made > 64 {
		err = errors.New("a page's header holds more than headers do")
	}
	return p, c.at, err
}

// checker holds the pages of a row group against their bytes.
type checker struct {
	r    io.ReaderAt
	size int64
	room int64  // bytes that may still be taken
	free []byte // where the next page is decompressed
}

// take counts n things of a size each.
func (c *checker) take(n, each int64) error {
	if n < 0 || n > c.room/each {
		return &source.LimitError{Limit: "memory of what a Parquet file holds at a time (write smaller pages and groups of fewer rows):", Value: max(n, 0) * min(each, math.MaxInt64/max(n, 1)), Max: c.room, Offset: -1}
	}
	c.room -= n * each
	return nil
}

// column checks the pages of a flat column of n rows and tells whether some of its values are null, which optional allows. What its
// dictionary and its largest page take is taken of the room: the pages of all columns are open at a time.
func (c *checker) column(m *format.ColumnMetaData, n int64, optional bool) (nulls bool, err error) {
	at, length := m.DataPageOffset, m.TotalCompressedSize
	if m.DictionaryPageOffset != 0 {
		at = m.DictionaryPageOffset
	}
	if at < 4 || length < 0 || at > c.size || length > c.size-at {
		return false, fmt.Errorf("a column of %d bytes at %d in a file of %d", length, at, c.size)
	}
	values, dictionary, largest := int64(0), int64(0), int64(0)
	for end := at + length; at < end; {
		p, size, err := c.header(at, end)
		if err != nil {
			return false, err
		}
		at += size
		if p.packed < 0 || p.packed > end-at {
			return false, fmt.Errorf("a page of %d bytes where there are %d", p.packed, end-at)
		}
		if p.values < 0 || p.values > n-values && p.kind != format.DictionaryPage {
			return false, fmt.Errorf("%d values in a group of %d rows", values+p.values, n)
		}
		b := make([]byte, p.packed)
		if _, err := c.r.ReadAt(b, at); err != nil && !errors.Is(err, io.EOF) {
			return false, err
		}
		at += p.packed
		open := checker{room: c.room, free: c.free}
		some, err := open.page(&p, b, m.Codec, m.Type, optional)
		c.free = open.free
		if err != nil {
			return false, err
		}
		nulls = nulls || some
		if took := c.room - open.room; p.kind == format.DictionaryPage {
			dictionary += took
		} else {
			values, largest = values+p.values, max(largest, took)
		}
	}
	if values != n {
		return false, fmt.Errorf("%d values in a group of %d rows", values, n)
	}
	return nulls, c.take(dictionary+largest, 1)
}

// header reads the header of the page at an offset, before end, and gives its length.
func (c *checker) header(at, end int64) (page, int64, error) {
	for most := int64(1 << 10); ; most *= 8 { // statistics may hold long texts
		b := make([]byte, min(most, end-at))
		if _, err := c.r.ReadAt(b, at); err != nil && !errors.Is(err, io.EOF) {
			return page{}, 0, err
		}
		p, size, err := header(b)
		if err == nil || most >= end-at {
			return p, int64(size), err
		}
	}
}

// perLevel is what a value of an open page takes beside its bytes: its level, and its index or where its text begins.
const perLevel = 9

// page checks a page, takes what it holds once it is open, and tells whether some of its values are null.
func (c *checker) page(p *page, b []byte, codec format.CompressionCodec, kind format.Type, optional bool) (nulls bool, err error) {
	if p.unpacked < 0 {
		return false, fmt.Errorf("a page of %d bytes", p.unpacked)
	}
	if err := c.take(p.unpacked, 1); err != nil {
		return false, err
	}
	if err := c.take(p.values, perLevel); err != nil {
		return false, err
	}
	var levels []byte
	switch p.kind {
	case format.DictionaryPage, format.DataPage:
	case format.DataPageV2:
		if p.repetitionsBytes < 0 || p.repetitionsBytes > int64(len(b)) || p.levelBytes < 0 || p.levelBytes > int64(len(b))-p.repetitionsBytes ||
			p.nulls < 0 || p.nulls > p.values || p.rows != p.values {
			return false, errors.New("the sizes in a page's header do not belong together")
		}
		p.unpacked -= p.repetitionsBytes + p.levelBytes
		b = b[p.repetitionsBytes:]
		levels, b = b[:p.levelBytes], b[p.levelBytes:]
		if p.plain {
			codec = format.Uncompressed
		}
	default:
		return false, fmt.Errorf("no kind of page is %d", p.kind)
	}
	if codec != format.Uncompressed {
		if b, err = unpack(b, codec, p.unpacked, c.free); err != nil {
			return false, err
		}
		c.free = b
	}
	if p.kind == format.DictionaryPage {
		if kind == format.Boolean || p.values > int64(len(b)) {
			return false, fmt.Errorf("a dictionary of %d values in %d bytes", p.values, len(b))
		}
		return false, nil
	}
	if optional {
		if p.kind == format.DataPage {
			if p.levels != format.RLE {
				return false, fmt.Errorf("levels in encoding %s", p.levels)
			}
			if levels, b, err = prefixed(b); err != nil {
				return false, err
			}
		}
		if err := runs(levels, 1, p.values); err != nil {
			return false, err
		}
		nulls = missing(levels, p.values)
	}
	return nulls, c.values(p, b, kind)
}

// values checks the counts that an encoding holds itself.
func (c *checker) values(p *page, b []byte, kind format.Type) error {
	switch p.encoding {
	case format.RLEDictionary, format.PlainDictionary: //nolint:staticcheck // old files have it
		if len(b) == 0 {
			return nil
		}
		return runs(b[1:], uint(b[0]), p.values)
	case format.RLE:
		if len(b) < 4 {
			return nil
		}
		b, _, err := prefixed(b)
		if err != nil {
			return err
		}
		return runs(b, 1, p.values)
	case format.DeltaBinaryPacked:
		return deltas(b, p.values)
	case format.DeltaLengthByteArray:
		return deltas(b, p.values)
	case format.DeltaByteArray:
		if err := deltas(b, p.values); err != nil {
			return err
		}
		var e delta.BinaryPackedEncoding
		prefixes, err := e.DecodeInt32(nil, b)
		if err != nil {
			return err
		}
		sum := int64(0)
		for _, n := range prefixes {
			sum += max(int64(n), 0)
		}
		return c.take(sum, 1)
	case format.Plain, format.ByteStreamSplit:
		return nil
	}
	return fmt.Errorf("values of %s in encoding %s", kind, p.encoding)
}

// prefixed splits what stands behind its length of four bytes from the rest.
func prefixed(b []byte) (in, rest []byte, err error) {
	if len(b) < 4 || int64(binary.LittleEndian.Uint32(b)) > int64(len(b)-4) {
		return nil, nil, io.ErrUnexpectedEOF
	}
	n := binary.LittleEndian.Uint32(b)
	return b[4 : 4+n], b[4+n:], nil
}

// runs wants no more than n values, of width bits each, in what the run-length encoding wrote. The last eight are written whole.
func runs(b []byte, width uint, n int64) error {
	if width > 32 {
		return fmt.Errorf("values of %d bits", width)
	}
	for most := (n+7)/8*8 + 8; len(b) > 0; {
		u, k := binary.Uvarint(b)
		if k <= 0 {
			return io.ErrUnexpectedEOF
		}
		b = b[k:]
		count, bytes := u>>1, uint64(width+7)/8
		if u&1 != 0 {
			if count > uint64(most) { //nolint:gosec // not negative
				return fmt.Errorf("a run of %d times 8 values where there are %d", count, n)
			}
			bytes = count * uint64(width)
			count *= 8
		}
		if count > uint64(max(most, 0)) {
			return fmt.Errorf("a run of %d values where there are %d", count, n)
		}
		most -= int64(count)
		b = b[min(bytes, uint64(len(b))):]
	}
	return nil
}

// missing reports whether one of n levels, which runs has checked, is 0.
func missing(b []byte, n int64) bool {
	for len(b) > 0 && n > 0 {
		u, k := binary.Uvarint(b)
		count, in := int64(u>>1), b[k:]
		if u&1 == 0 {
			if count > 0 && (len(in) == 0 || in[0]&1 == 0) {
				return true
			}
			n, b = n-count, in[min(1, len(in)):]
			continue
		}
		for i := range min(8*count, n) {
			if i/8 >= int64(len(in)) || in[i/8]>>(i%8)&1 == 0 {
				return true
			}
		}
		n, b = n-8*count, in[min(count, int64(len(in))):]
	}
	return n > 0 // what is not there is 0
}

// deltas wants no more than n values behind the header of the delta encoding.
func deltas(b []byte, n int64) error {
	for i := range 3 {
		u, k := binary.Uvarint(b)
		if k <= 0 {
			return io.ErrUnexpectedEOF
		}
		switch {
		case i == 0 && u > 1<<16, i == 1 && (u == 0 || u > 1<<10):
			return fmt.Errorf("blocks of %d", u)
		case i == 2 && u > uint64(max(n, 0)):
			return fmt.Errorf("%d values where there are %d", u, n)
		}
		b = b[k:]
	}
	return nil
}

// unpack decompresses a page, which must have the size its header says, into the memory of into if that is enough.
func unpack(b []byte, codec format.CompressionCodec, size int64, into []byte) ([]byte, error) {
	var r io.Reader
	if size < 0 {
		return nil, fmt.Errorf("a page of %d bytes", size)
	}
	switch codec {
	case format.Snappy:
		n, err := snappy.DecodedLen(b)
		if err != nil {
			return nil, err
		}
		if int64(n) != size {
			return nil, fmt.Errorf("a page of %d bytes says it has %d", n, size)
		}
		return snappy.Decode(into[:cap(into)], b)
	case format.Gzip:
		z, err := gzip.NewReader(bytes.NewReader(b))
		if err != nil {
			return nil, err
		}
		r = z
	case format.Zstd:
		return unpackZstd(b, size, into)
	case format.Brotli:
		r = brotli.NewReader(bytes.NewReader(b))
	default:
		return nil, fmt.Errorf("compressed by %s", codec)
	}
	out, err := source.ReadAll(r, min(size, 200*int64(len(b))), size)
	if err != nil {
		return nil, err
	}
	if int64(len(out)) != size {
		return nil, fmt.Errorf("a page of %d bytes says it has %d", len(out), size)
	}
	return out, nil
}

// window is what compressors look back for in a page that is no larger: memory for it is taken at once.
const window = 8 << 20

func unpackZstd(b []byte, size int64, into []byte) ([]byte, error) {
	var h zstd.Header
	if err := h.Decode(b); err != nil {
		return nil, err
	}
	if h.HasFCS && h.FrameContentSize > uint64(size) || h.WindowSize > uint64(max(2*size, window)) { //nolint:gosec // not negative
		return nil, fmt.Errorf("a page of %d bytes says it has %d", h.FrameContentSize, size)
	}
	z, err := zstd.NewReader(nil, zstd.WithDecoderConcurrency(1), zstd.WithDecoderMaxMemory(uint64(max(size, window))), zstd.WithDecoderLowmem(true))
	if err != nil {
		return nil, err
	}
	defer z.Close()
	out, err := z.DecodeAll(b, into[:0])
	if err == nil && int64(len(out)) != size {
		err = fmt.Errorf("a page of %d bytes says it has %d", len(out), size)
	}
	return out, err
}
