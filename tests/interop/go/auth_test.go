// Reads a running Doorward's tokens with the very file that the documents show, in a net/http server.
// DOORWARD_TOKENS holds tokens: `+` before one that must be taken, `-` before one that must be refused.
package auth

import (
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"testing"
)

func TestTokens(t *testing.T) {
	required, err := Required(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	whoami := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { io.WriteString(w, User(r)) })
	server := httptest.NewServer(required(whoami))
	defer server.Close()
	ask := func(authorization string) (int, string, string) {
		request, _ := http.NewRequestWithContext(t.Context(), "GET", server.URL, nil)
		if authorization != "" {
			request.Header.Set("Authorization", authorization)
		}
		response, err := server.Client().Do(request)
		if err != nil {
			t.Fatal(err)
		}
		defer response.Body.Close()
		body, _ := io.ReadAll(response.Body)
		return response.StatusCode, string(body), response.Header.Get("WWW-Authenticate")
	}
	if status, _, challenge := ask(""); status != 401 || challenge != "Bearer" {
		t.Fatalf("without a token: %d %q", status, challenge)
	}
	tokens := strings.Fields(os.Getenv("DOORWARD_TOKENS"))
	if len(tokens) == 0 {
		t.Fatal("no tokens")
	}
	for _, it := range tokens {
		status, user, challenge := ask("Bearer " + it[1:])
		if it[0] == '+' && (status != 200 || user != os.Getenv("DOORWARD_SUBJECT")) {
			t.Errorf("refused, or another user: %d %q for %s", status, user, it)
		}
		if it[0] == '-' && (status != 401 || challenge != "Bearer") {
			t.Errorf("took: %d %q for %s", status, challenge, it)
		}
	}
}

func TestShortSecrets(t *testing.T) {
	for _, secret := range []string{"", "hunter2", strings.Repeat("x", 31)} {
		t.Setenv("DOORWARD_SECRET", secret)
		if _, err := Required(t.Context()); err == nil || !strings.Contains(err.Error(), "at least 32 bytes") {
			t.Errorf("took a secret of %d bytes: %v", len(secret), err)
		}
	}
}
