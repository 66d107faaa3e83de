package emulator

import (
	"archive/zip"
	"bytes"
	"hash/crc32"
	"io"
	"testing"
	"testing/iotest"
)

// TestZipAround packs one archive in memory and one around its ballast: a client must not see the difference.
func TestZipAround(t *testing.T) {
	t.Parallel()
	entries := []entry{{name: "a.json", body: []byte("{}")}, {name: "网络.tf", body: terraform("x", "10.0.0.0/8")}}
	for _, size := range []int{1, 1000, ballastBlock, 3*ballastBlock + 17} {
		p, err := zipAround(entries, "b.bin", size)
		if err != nil {
			t.Fatal(err)
		}
		block := ballast(min(size, ballastBlock))
		body := bytes.Repeat(block, size/len(block)+1)[:size]
		want, err := zipFile(append(entries[:2:2], entry{name: "b.bin", body: body, stored: true}))
		if err != nil {
			t.Fatal(err)
		}
		if got, err := io.ReadAll(io.NewSectionReader(p, 0, p.size())); err != nil || !bytes.Equal(got, want) {
			t.Errorf("%d bytes: read %d of %d, %v", size, len(got), len(want), err)
		}
		for _, cut := range [][2]int64{{0, p.size()}, {3, int64(len(p.head)) + 5}, {p.size() - 1, p.size()}, {7, 7}} {
			var sent bytes.Buffer
			p.send(&sent, cut[0], cut[1])
			if !bytes.Equal(sent.Bytes(), want[cut[0]:cut[1]]) {
				t.Errorf("%d bytes: bytes %d to %d differ", size, cut[0], cut[1])
			}
		}
	}
}

// TestPayloadReads tries the reader in every way on parts that are shorter than what it is asked for.
func TestPayloadReads(t *testing.T) {
	t.Parallel()
	p := payload{head: []byte("head"), block: []byte("block"), ballast: 13, tail: []byte("tail")}
	if err := iotest.TestReader(io.NewSectionReader(p, 0, p.size()), []byte("headblockblockblotail")); err != nil {
		t.Error(err)
	}
	if err := iotest.TestReader(io.NewSectionReader(payload{}, 0, 0), nil); err != nil {
		t.Error(err)
	}
}

// TestArchiveOfManyGigabytes needs the 64 bit form of a zip. Its ballast is not read, only what stands around it.
func TestArchiveOfManyGigabytes(t *testing.T) {
	t.Parallel()
	const size = 5 << 30
	p, err := zipAround([]entry{{name: "a.json", body: []byte("{}")}}, "b.bin", size)
	if err != nil {
		t.Fatal(err)
	}
	if held := len(p.head) + len(p.block) + len(p.tail); held > 2<<20 {
		t.Errorf("%d bytes in memory", held)
	}
	archive, err := zip.NewReader(p, p.size())
	if err != nil || len(archive.File) != 2 {
		t.Fatal(err)
	}
	big := archive.File[1]
	sum := crc32.NewIEEE()
	for range size / ballastBlock {
		_, _ = sum.Write(p.block)
	}
	if big.UncompressedSize64 != size || big.CompressedSize64 != size || big.CRC32 != sum.Sum32() {
		t.Errorf("%+v, want the sum %x", big.FileHeader, sum.Sum32())
	}
	if offset, err := big.DataOffset(); err != nil || offset != int64(len(p.head)) {
		t.Errorf("the ballast begins at %d, %v", offset, err)
	}
}
