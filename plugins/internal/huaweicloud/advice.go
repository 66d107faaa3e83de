package huaweicloud

import (
	"fmt"
	"net/http"
	"strings"
	"time"

	"mcp-server/sdk"
)

// lockTime is how long the gateway locks an access key after more than five wrong signatures in a row.
const lockTime = 5 * time.Minute

func isLocked(b errorBody) bool {
	return strings.Contains(strings.ToLower(b.message), "ak access failed to reach the limit")
}

// advice says what to do next.
func (r reply) advice(code sdk.Code, b errorBody, wait time.Duration) string {
	switch {
	case isLocked(b):
		return "The access key is locked for 5 minutes after several wrong signatures: wait, check " + r.credential.origin + ", then call once."
	case r.status == http.StatusProxyAuthRequired:
		return "The proxy wants a user and a password: put them into HTTPS_PROXY."
	case b.page && r.status < 500:
		return "This is not the cloud's own answer but a proxy's or another server's: check the proxy and the endpoint settings."
	case r.service == obs && r.status == http.StatusNotFound:
		return "The content is no longer in the object storage."
	case r.service == obs && r.status >= 400 && r.status < 500 && r.status != http.StatusTooManyRequests:
		return "The link to the content was refused although it was new: call again."
	case code == sdk.CodeUnauthenticated:
		return r.authenticationAdvice(b)
	}
	switch code {
	case sdk.CodePermissionDenied:
		return "The credentials (" + firstOf(r.credential.origin, "none were sent") + ") are known but not allowed to do this: " +
			"check the project, and the permissions of the user in IAM."
	case sdk.CodeNotFound:
		return "Check the ids, the region and the project; the list tools show what exists."
	case sdk.CodeFailedPrecondition:
		return "Something else is being done there now: wait until it has ended, then call again."
	case sdk.CodeResourceExhausted:
		return "Too many requests: " + waitAdvice(wait)
	case sdk.CodeUnimplemented:
		return "The service does not offer this there: check the region and the endpoint settings."
	case sdk.CodeUnavailable:
		if r.onceOnly {
			return "The cloud's side has a problem." // and whether to call again is another question
		}
		return "The cloud's side has a problem: " + waitAdvice(wait)
	case sdk.CodeInvalidArgument:
		if b.message == "" {
			return "Check the arguments, the region and the endpoint settings."
		}
		return "Correct what the message names, then call again."
	}
	return "This is not an answer that the operation documents: check the region and the endpoint settings."
}

func waitAdvice(wait time.Duration) string {
	if wait > 0 {
		return fmt.Sprintf("call again in %s.", wait.Round(time.Second))
	}
	return "call again in a few seconds."
}

func (r reply) authenticationAdvice(b errorBody) string {
	cred := r.credential
	text := strings.ToLower(b.message)
	switch {
	case cred.token != "" && cred.refreshable:
		return "The token was refused: call again for a new one, which is taken by itself; if it is refused too, check " + cred.origin + "."
	case cred.token != "":
		return "The token in " + cred.origin + " was refused: it may have expired (they last 24 hours) or be for another project; " +
			"get a new one, or set " + envAK + " and " + envSK + "."
	case cred.ak == "":
		return "Check " + firstOf(cred.origin, "the credentials") + "."
	}
	advice := "Check " + cred.origin + "; a temporary key also needs " + envSecurityToken + "."
	if cred.securityToken != "" || strings.Contains(text, "security") {
		advice = "Check " + cred.origin + ": a temporary key needs its security token, and both expire together."
	}
	if off := r.clockOff(); off != "" {
		advice = "This machine's clock is " + off + "; signatures are valid for 15 minutes, so set the clock."
	}
	return advice + " Do not simply repeat the call: more than 5 wrong signatures lock the key for 5 minutes."
}

// clockOff compares the clock with the cloud's Date, and is empty when they agree.
func (r reply) clockOff() string {
	date, err := http.ParseTime(r.header.Get("Date"))
	if err != nil {
		return ""
	}
	off := r.now.Sub(date).Round(time.Minute)
	switch {
	case off > 2*time.Minute:
		return off.String() + " ahead of the cloud's"
	case off < -2*time.Minute:
		return (-off).String() + " behind the cloud's"
	}
	return ""
}
