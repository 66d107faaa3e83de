package main

import (
	"fmt"
	"math"
	"strconv"
	"strings"
)

// byteSize is a number of bytes as people write it: 1048576, 256MiB, 1.5GB. It is the value of a flag.
type byteSize int64

// sizeUnits are the units by their names in lower case.
func sizeUnits() map[string]float64 {
	return map[string]float64{
		"": 1, "b": 1, "kb": 1e3, "mb": 1e6, "gb": 1e9, "tb": 1e12, "kib": 1 << 10, "mib": 1 << 20, "gib": 1 << 30, "tib": 1 << 40,
	}
}

// Set reads a size.
func (b *byteSize) Set(text string) error {
	digits := strings.TrimRight(strings.TrimSpace(text), "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ")
	unit, known := sizeUnits()[strings.ToLower(strings.TrimPrefix(strings.TrimSpace(text), digits))]
	digits = strings.TrimSpace(digits)
	if !known || strings.Trim(digits, "0123456789.") != "" {
		return fmt.Errorf("%q is not a size; write bytes such as 1048576, or with a unit such as 256MiB, 20GiB or 1.5GB", text)
	}
	if whole, err := strconv.ParseInt(digits, 10, 64); err == nil && whole <= math.MaxInt64/int64(unit) {
		*b = byteSize(whole * int64(unit)) // exact, also where a float is not
		return nil
	}
	number, err := strconv.ParseFloat(digits, 64)
	if err != nil && number == 0 {
		return fmt.Errorf("%q is not a size; write bytes such as 1048576, or with a unit such as 256MiB, 20GiB or 1.5GB", text)
	}
	if number*unit >= math.MaxInt64 {
		return fmt.Errorf("%q is too large a size; the largest is 8388607TiB", text)
	}
	*b = byteSize(number * unit)
	return nil
}

// String writes the size with the largest unit that leaves it whole.
func (b *byteSize) String() string {
	n, unit := int64(*b), 0
	for n != 0 && n%1024 == 0 && unit < 4 {
		n, unit = n/1024, unit+1
	}
	return fmt.Sprintf("%d%s", n, []string{"", "KiB", "MiB", "GiB", "TiB"}[unit])
}

// Type is what the help calls the flag's value.
func (*byteSize) Type() string { return "size" }

// shortSize writes a size for a table.
func shortSize(n int64) string {
	if n < 1024 {
		return fmt.Sprintf("%d B", n)
	}
	value, unit := float64(n)/1024, 0
	for value >= 1023.95 && unit < 4 {
		value, unit = value/1024, unit+1
	}
	return fmt.Sprintf("%.1f %ciB", value, "KMGTP"[unit])
}

// dayCount is a number of days. It is the value of a flag.
type dayCount uint16

// Set reads a number of days.
func (d *dayCount) Set(text string) error {
	days, err := strconv.ParseUint(strings.TrimSpace(text), 10, 16)
	if err != nil {
		return fmt.Errorf("%q is no number of days; write a whole one from 0, for no bound, to %d", text, math.MaxUint16)
	}
	*d = dayCount(days)
	return nil
}

func (d *dayCount) String() string { return strconv.Itoa(int(*d)) }

// Type is what the help calls the flag's value.
func (*dayCount) Type() string { return "days" }
