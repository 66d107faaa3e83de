package launcher

import (
	"fmt"
	"os"

	"github.com/landlock-lsm/go-landlock/landlock"
	ll "github.com/landlock-lsm/go-landlock/landlock/syscall"

	"mcp-server/internal/sandbox"
)

// systemFiles are what programs of any language need to run at all. Not there: /home, /root, /tmp, /var, /run, which are other
// people's; /opt, where applications keep settings beside programs; private keys in /etc; and of /proc what tells of other processes.
var systemFiles = []string{
	// Programs and libraries.
	"/usr", "/bin", "/sbin", "/lib", "/lib32", "/lib64", "/libx32", "/nix/store",
	// The dynamic linker.
	"/etc/ld.so.cache", "/etc/ld.so.conf", "/etc/ld.so.conf.d", "/etc/ld.so.preload",
	// Names of hosts, services, users, and the time zone.
	"/etc/resolv.conf", "/etc/hosts", "/etc/host.conf", "/etc/gai.conf", "/etc/nsswitch.conf", "/etc/protocols", "/etc/services",
	"/etc/passwd", "/etc/group", "/etc/localtime", "/etc/timezone", "/etc/mime.types", "/etc/os-release",
	// Certificates and the policy on ciphers.
	"/etc/ssl/certs", "/etc/ssl/cert.pem", "/etc/ssl/openssl.cnf", "/etc/ca-certificates", "/etc/crypto-policies",
	"/etc/pki/ca-trust", "/etc/pki/tls/certs", "/etc/pki/tls/cert.pem", "/etc/pki/tls/openssl.cnf",
	// The process itself, and the machine, which runtimes size themselves by. Not /proc/self as such: below it are the paths of all local
	// sockets, other plugins' among them, and the ports of the machine.
	"/proc/self/auxv", "/proc/self/cgroup", "/proc/self/cmdline", "/proc/self/comm", "/proc/self/environ", "/proc/self/exe", "/proc/self/fd",
	"/proc/self/fdinfo", "/proc/self/io", "/proc/self/limits", "/proc/self/loginuid", "/proc/self/maps", "/proc/self/mountinfo", "/proc/self/mounts",
	"/proc/self/oom_score", "/proc/self/oom_score_adj", "/proc/self/schedstat", "/proc/self/smaps",
	"/proc/self/smaps_rollup", "/proc/self/stat", "/proc/self/statm", "/proc/self/status", "/proc/self/wchan",
	"/proc/meminfo", "/proc/stat", "/proc/cpuinfo", "/proc/uptime", "/proc/loadavg", "/proc/version", "/proc/filesystems",
	"/proc/sys/kernel", "/proc/sys/vm", "/proc/sys/net/core/somaxconn",
	"/sys/fs/cgroup", "/sys/devices/system/cpu", "/sys/devices/system/node", "/sys/kernel/mm/transparent_hugepage/hpage_pmd_size",
	// Devices that hold nothing.
	"/dev/zero", "/dev/full", "/dev/random", "/dev/urandom",
}

// writeAccess is anything but making devices: a server that runs as root could otherwise read its disk through one.
const writeAccess landlock.AccessFSSet = ll.AccessFSExecute | ll.AccessFSReadFile | ll.AccessFSReadDir | ll.AccessFSWriteFile |
	ll.AccessFSTruncate | ll.AccessFSRemoveFile | ll.AccessFSRemoveDir | ll.AccessFSMakeReg | ll.AccessFSMakeDir |
	ll.AccessFSMakeSym | ll.AccessFSMakeSock | ll.AccessFSMakeFifo

// boundFiles sets all that Landlock knows: files, TCP, and signals and abstract sockets of other processes. A kernel that knows less is
// used as far as it goes; what that leaves open, a probe has said.
func boundFiles(policy sandbox.Policy) error {
	rules := append(readable(systemFiles), readable(policy.Read)...)
	rules = append(rules, landlock.ROFiles(byDescriptor), landlock.RWFiles("/dev/null").IgnoreIfMissing(),
		landlock.PathAccess(ll.AccessFSReadDir, "/proc/self").IgnoreIfMissing()) // the names in it, such as those of its threads
	for _, folder := range policy.Write {
		rules = append(rules, writable(folder))
	}
	if policy.Connect != 0 {
		rules = append(rules, landlock.ConnectTCP(policy.Connect))
	}
	if err := landlock.V11.BestEffort().Restrict(rules...); err != nil {
		return fmt.Errorf("bounding files and connections by Landlock: %w", err)
	}
	return nil
}

// readable are rules for what is there. A rule for a file may not name what only folders have.
func readable(paths []string) []landlock.Rule {
	rules := make([]landlock.Rule, 0, len(paths))
	for _, path := range paths {
		info, err := os.Stat(path)
		switch {
		case err != nil: // not there, or not for us either
		case info.IsDir():
			rules = append(rules, landlock.RODirs(path).IgnoreIfMissing())
		default:
			rules = append(rules, landlock.ROFiles(path).IgnoreIfMissing())
		}
	}
	return rules
}

func writable(folder string) landlock.Rule {
	rule := landlock.PathAccess(writeAccess, folder)
	if landlockVersion() >= 2 { // the library would otherwise give up all bounds for a right that the kernel does not know
		rule = rule.WithRefer()
	}
	return rule
}

// landlockVersion is the kernel's, zero without Landlock.
func landlockVersion() int {
	version, err := ll.LandlockGetABIVersion()
	if err != nil {
		return 0
	}
	return version
}
