package huaweicloud

import (
	"bytes"
	"encoding/json"
	"encoding/xml"
	"html"
	"regexp"
	"strings"
)

// errorBody is what an error body of any of the clouds' shapes says, cleaned for a message.
type errorBody struct {
	code, message, details, suggestion string
	requestID, encoded                 string
	marked                             bool // the code has a name that only errors have
	page                               bool // a web page, so not the cloud's own answer
}

// isFailure reports whether the body of a success is an error all the same: "" and "0" are codes of success.
func (b errorBody) isFailure() bool { return b.marked && b.code != "" && b.code != "0" }

// parseErrorBody reads every shape that the services, the gateway, IAM, OBS and proxies are known to use. It never fails: what it cannot
// read becomes the message.
func parseErrorBody(body []byte) errorBody {
	body = bytes.TrimSpace(bytes.TrimPrefix(body, []byte("\xef\xbb\xbf")))
	if len(body) > maxErrorBody {
		body = body[:maxErrorBody]
	}
	switch {
	case len(body) == 0:
		return errorBody{}
	case body[0] == '{':
		if b, ok := parseJSONError(body); ok {
			return b
		}
	case body[0] == '<':
		if b, ok := parseXMLError(body); ok {
			return b
		}
		return errorBody{message: htmlTitle(body), page: true}
	}
	return errorBody{message: clean(string(body), 300)}
}

func parseJSONError(body []byte) (errorBody, bool) {
	decoder := json.NewDecoder(bytes.NewReader(body))
	decoder.UseNumber()
	var object map[string]any
	if err := decoder.Decode(&object); err != nil {
		return errorBody{}, false
	}
	b := readError(object)
	if b == (errorBody{}) {
		b.message = clean(string(body), 300)
	}
	return b, true
}

// readError reads an error object: flat as most services write it, or inside "error" as IAM does.
func readError(object map[string]any) errorBody {
	inner, marked := object["error"].(map[string]any)
	if marked {
		object = inner
	}
	return errorBody{
		marked:     marked || textOf(object, "error_code", "errorCode") != "",
		code:       clean(textOf(object, "error_code", "errorCode", "code"), 60),
		message:    clean(textOf(object, "error_msg", "errorMsg", "message", "error_message", "error_description", "title"), 500),
		details:    clean(firstOf(textOf(object, "error_details", "extend"), detailsOf(object["details"])), 300),
		suggestion: clean(textOf(object, "suggestion"), 200),
		requestID:  clean(textOf(object, "request_id", "requestId", "trace_id"), 80),
		encoded:    clean(textOf(object, "encoded_authorization_message"), 300),
	}
}

// textOf returns the first of the fields that holds something, numbers and objects as their JSON.
func textOf(object map[string]any, names ...string) string {
	for _, name := range names {
		switch value := object[name].(type) {
		case nil:
		case string:
			if strings.TrimSpace(value) != "" {
				return value
			}
		default:
			if encoded, err := json.Marshal(value); err == nil {
				return string(encoded)
			}
		}
	}
	return ""
}

func detailsOf(value any) string {
	list, _ := value.([]any)
	parts := make([]string, 0, len(list))
	for _, item := range list {
		if object, ok := item.(map[string]any); ok {
			detail := readError(object)
			parts = append(parts, strings.TrimSpace(detail.code+" "+detail.message))
		}
	}
	return strings.Join(parts, "; ")
}

// parseXMLError reads the error document of OBS.
func parseXMLError(body []byte) (errorBody, bool) {
	var document struct {
		XMLName   xml.Name `xml:"Error"`
		Code      string
		Message   string
		RequestID string `xml:"RequestId"`
	}
	if err := xml.Unmarshal(body, &document); err != nil || document.Code == "" {
		return errorBody{}, false
	}
	return errorBody{
		marked: true, code: clean(document.Code, 60), message: clean(document.Message, 500), requestID: clean(document.RequestID, 80),
	}, true
}

var titleElement = regexp.MustCompile(`(?is)<title[^>]*>(.*?)</title>`)

// htmlTitle is all that is worth keeping of a page that a proxy or a load balancer sent.
func htmlTitle(body []byte) string {
	if title := titleElement.FindSubmatch(body); title != nil {
		return clean("a web page titled "+strings.TrimSpace(html.UnescapeString(string(title[1]))), 200)
	}
	return "a web page or another document instead of an answer"
}
