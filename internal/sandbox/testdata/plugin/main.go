//go:build linux

// Command plugin tries one thing and says what came of it: "ok", what it found, or the kernel's refusal. It stands for a plugin that
// does what it should not. Start reading at acts.
package main

import (
	"fmt"
	"net"
	"os"
	"os/exec"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"
)

func main() {
	act, arg := os.Args[1], strings.Join(os.Args[2:], " ")
	found, err := acts[act](arg)
	switch {
	case err != nil:
		fmt.Println(err)
	case found == "":
		fmt.Println("ok")
	default:
		fmt.Println(found)
	}
}

var acts = map[string]func(string) (string, error){
	"hello": func(string) (string, error) { return strings.Join(os.Args, " "), nil },
	"read": func(path string) (string, error) {
		content, err := os.ReadFile(path)
		return strings.TrimSpace(string(content)), err
	},
	"list":  func(path string) (string, error) { _, err := os.ReadDir(path); return "", err },
	"write": func(path string) (string, error) { return "", os.WriteFile(path, []byte("written"), 0o600) },
	"rename": func(path string) (string, error) {
		if err := os.Mkdir(path+".d", 0o700); err != nil {
			return "", err
		}
		return "", os.Rename(path, path+".d/moved")
	},
	"mknod":      func(path string) (string, error) { return "", unix.Mknod(path, unix.S_IFBLK|0o600, 0x0100) },
	"run":        run,
	"child":      func(args string) (string, error) { return run("/proc/self/exe " + args) },
	"listen":     listen,
	"dial":       dial,
	"fastopen":   fastOpen,
	"socket":     func(arg string) (string, error) { n := numbers(arg); return "", open(unix.Socket(n[0], n[1], n[2])) },
	"socketpair": socketPair,
	"ptrace":     func(string) (string, error) { return "", unix.PtraceAttach(os.Getppid()) },
	"vmread":     vmRead,
	"setsid":     func(string) (string, error) { _, err := unix.Setsid(); return "", err },
	"setpgid":    func(string) (string, error) { return "", unix.Setpgid(0, 0) },
	"unshare":    func(string) (string, error) { return "", unix.Unshare(unix.CLONE_FS | unix.CLONE_NEWUTS) },
	"newuser":    newUser,
	"clone3":     func(string) (string, error) { _, _, errno := unix.Syscall(unix.SYS_CLONE3, 0, 0, 0); return "", errno },
	"iouring": func(string) (string, error) {
		_, _, errno := unix.Syscall(unix.SYS_IO_URING_SETUP, 1, 0, 0)
		return "", errno
	},
	"keyctl": func(string) (string, error) {
		_, err := unix.KeyctlGetKeyringID(unix.KEY_SPEC_USER_KEYRING, false)
		return "", err
	},
	"signal": func(string) (string, error) { return "", unix.Kill(os.Getppid(), 0) },
	"prlimit": func(string) (string, error) {
		return "", unix.Prlimit(os.Getppid(), unix.RLIMIT_NOFILE, nil, &unix.Rlimit{})
	},
	"raise": func(string) (string, error) {
		return "", unix.Setrlimit(unix.RLIMIT_DATA, &unix.Rlimit{Cur: 1 << 40, Max: 1 << 40})
	},
	"chmod":      func(path string) (string, error) { return "", os.Chmod(path, 0o644) },
	"chown":      func(path string) (string, error) { return "", os.Chown(path, 1, 1) },
	"attribute":  func(path string) (string, error) { return "", unix.Setxattr(path, "user.mine", []byte("x"), 0) },
	"touch":      func(path string) (string, error) { return "", os.Chtimes(path, time.Time{}, time.Unix(1, 0)) },
	"openchmod":  openChmod,
	"inotify":    notify,
	"niceparent": func(string) (string, error) { return "", unix.Setpriority(unix.PRIO_PROCESS, os.Getppid(), 1) },
	"capability": capability,
	"name": func(string) (string, error) {
		content, err := os.ReadFile("/proc/self/comm")
		return strings.TrimSpace(string(content)), err
	},
	"limits":      limits,
	"descriptors": descriptors,
	"deathsignal": deathSignal,
	"eat":         eat,
	"churn":       churn,
	"pid":         func(string) (string, error) { return strconv.Itoa(os.Getpid()), nil },
	"wait":        func(string) (string, error) { fmt.Println("waiting"); time.Sleep(time.Minute); return "", nil },
}

// openChmod changes the mode of a file that it may only read.
func openChmod(path string) (string, error) {
	f, err := os.Open(path)
	if err != nil {
		return "", err
	}
	return "", f.Chmod(0o666)
}

// notify asks to be told of what happens in a folder.
func notify(path string) (string, error) {
	fd, err := unix.InotifyInit1(unix.IN_CLOEXEC)
	if err != nil {
		return "", err
	}
	_, err = unix.InotifyAddWatch(fd, path, unix.IN_CREATE)
	return "", err
}

func run(command string) (string, error) {
	words := strings.Fields(command)
	output, err := exec.Command(words[0], words[1:]...).CombinedOutput() //nolint:noctx // the caller ends the group
	return strings.TrimSpace(string(output)), err
}

func listen(arg string) (string, error) {
	network, address, _ := strings.Cut(arg, " ")
	l, err := net.Listen(network, address) //nolint:noctx // it does not block
	if err != nil {
		return "", err
	}
	return "", l.Close()
}

func dial(arg string) (string, error) {
	network, address, _ := strings.Cut(arg, " ")
	c, err := net.DialTimeout(network, address, 5*time.Second) //nolint:noctx // the timeout is enough
	if err != nil {
		return "", err
	}
	return "", c.Close()
}

// fastOpen sends to a port of this machine without a call of connect.
func fastOpen(arg string) (string, error) {
	fd, err := unix.Socket(unix.AF_INET, unix.SOCK_STREAM, 0)
	if err != nil {
		return "", err
	}
	return "", unix.Sendto(fd, []byte("hello"), unix.MSG_FASTOPEN, &unix.SockaddrInet4{Port: numbers(arg)[0], Addr: [4]byte{127, 0, 0, 1}})
}

func socketPair(arg string) (string, error) {
	n := numbers(arg)
	_, err := unix.Socketpair(n[0], n[1], n[2])
	return "", err
}

func vmRead(string) (string, error) {
	var buffer [1]byte
	local := []unix.Iovec{{Base: &buffer[0], Len: 1}}
	_, err := unix.ProcessVMReadv(os.Getppid(), local, []unix.RemoteIovec{{Base: uintptr(unsafe.Pointer(&buffer)), Len: 1}}, 0)
	return "", err
}

// newUser clones into a namespace where the child would be root.
func newUser(string) (string, error) {
	cmd := exec.Command("/bin/true") //nolint:noctx // it ends at once
	cmd.SysProcAttr = &syscall.SysProcAttr{Cloneflags: unix.CLONE_NEWUSER}
	return "", cmd.Run()
}

func limits(string) (string, error) {
	var core, files, data unix.Rlimit
	_ = unix.Getrlimit(unix.RLIMIT_CORE, &core)
	_ = unix.Getrlimit(unix.RLIMIT_NOFILE, &files)
	_ = unix.Getrlimit(unix.RLIMIT_DATA, &data)
	return fmt.Sprint(core.Max, files.Max, data.Max), nil
}

// descriptors lists what is open beside what this listing and the runtime open themselves.
func descriptors(string) (string, error) {
	own := []string{"/proc/", "/sys/fs/cgroup/", "anon_inode:[eventpoll]", "anon_inode:[eventfd]"}
	entries, err := os.ReadDir("/proc/self/fd")
	var open []string
	for _, entry := range entries {
		target, linkErr := os.Readlink("/proc/self/fd/" + entry.Name())
		if linkErr == nil && !slices.ContainsFunc(own, func(o string) bool { return strings.HasPrefix(target, o) }) {
			open = append(open, entry.Name())
		}
	}
	return strings.Join(open, " "), err
}

func deathSignal(string) (string, error) {
	var signal int32 // of any thread: the program began on the one that the signal was set for
	err := unix.Prctl(unix.PR_GET_PDEATHSIG, uintptr(unsafe.Pointer(&signal)), 0, 0, 0)
	return strconv.Itoa(int(signal)), err
}

// eat takes megabytes and keeps them.
func eat(megabytes string) (string, error) {
	kept := make([][]byte, 0, 1<<14)
	for range numbers(megabytes)[0] {
		block := make([]byte, 1<<20)
		for i := 0; i < len(block); i += 4096 {
			block[i] = 1
		}
		kept = append(kept, block)
	}
	return fmt.Sprint(len(kept)), nil
}

// churn makes garbage, of which little is kept at a time: a program that needs the collector, not memory.
func churn(megabytes string) (string, error) {
	kept := make([][]byte, 100)
	for i := range numbers(megabytes)[0] {
		kept[i%len(kept)] = make([]byte, 1<<20)
		kept[i%len(kept)][i%(1<<20)] = 1
	}
	return strconv.Itoa(len(kept)), nil
}

// capability is the set in effect, in hexadecimal digits.
func capability(string) (string, error) {
	header := unix.CapUserHeader{Version: unix.LINUX_CAPABILITY_VERSION_3}
	var data [2]unix.CapUserData
	err := unix.Capget(&header, &data[0])
	return fmt.Sprintf("%x", uint64(data[1].Effective)<<32|uint64(data[0].Effective)), err
}

func numbers(arg string) []int {
	var numbers []int
	for word := range strings.FieldsSeq(arg) {
		n, err := strconv.ParseInt(word, 0, 64)
		if err != nil {
			panic(err)
		}
		numbers = append(numbers, int(n))
	}
	return numbers
}

func open(fd int, err error) error {
	if err == nil {
		err = unix.Close(fd)
	}
	return err
}
