// Package auth says who is calling a Go service (net/http), by Doorward's published keys or by the
// shared secret.
//
//	go get github.com/golang-jwt/jwt/v5 github.com/MicahParks/keyfunc/v3 golang.org/x/time/rate
package auth

import (
	"context"
	"errors"
	"net/http"
	"os"
	"strings"
	"time"

	"github.com/MicahParks/keyfunc/v3"
	"github.com/golang-jwt/jwt/v5"
	"golang.org/x/time/rate"
)

type userKey struct{}

type accessClaims struct {
	jwt.RegisteredClaims
	Sid string `json:"sid"`
}

// User is the id of the caller that Required let in.
func User(r *http.Request) string {
	user, _ := r.Context().Value(userKey{}).(string)
	return user
}

// Required lets only holders of a valid token through. The keys are fetched until ctx is done. A key
// that could not be fetched is a 401 like an unknown one: keyfunc does not tell them apart.
func Required(ctx context.Context) (func(http.Handler) http.Handler, error) {
	algorithms, keys := []string{"EdDSA", "ES256", "RS256"}, jwt.Keyfunc(nil)
	if secret, isSet := os.LookupEnv("DOORWARD_SECRET"); isSet { // only where TOKEN_ALGORITHM is HS256
		if len(secret) < 32 { // with an empty one anybody can make tokens
			return nil, errors.New("DOORWARD_SECRET needs at least 32 bytes; leave it unset to use the published keys")
		}
		algorithms = []string{"HS256"}
		keys = func(*jwt.Token) (any, error) { return []byte(secret), nil }
	} else {
		url := env("DOORWARD_URL", "http://127.0.0.1:8000") + "/.well-known/jwks.json"
		published, err := keyfunc.NewDefaultOverrideCtx(ctx, []string{url}, keyfunc.Override{
			RefreshInterval:   4 * time.Minute, // a new key is published five minutes before it signs
			RefreshUnknownKID: rate.NewLimiter(rate.Every(30*time.Second), 1),
			RateLimitWaitMax:  5 * time.Second, // for which an unknown key may keep a request waiting
		})
		if err != nil {
			return nil, err
		}
		keys = published.Keyfunc
	}
	options := []jwt.ParserOption{jwt.WithValidMethods(algorithms), jwt.WithExpirationRequired(),
		jwt.WithIssuer(env("DOORWARD_ISSUER", "doorward"))}
	if audience := os.Getenv("DOORWARD_AUDIENCE"); audience != "" { // what TOKEN_AUDIENCE is, where it is set
		options = append(options, jwt.WithAudience(audience))
	}
	parser := jwt.NewParser(options...)

	return func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			scheme, raw, _ := strings.Cut(r.Header.Get("Authorization"), " ")
			var claims accessClaims
			_, err := parser.ParseWithClaims(raw, &claims, keys)
			if !strings.EqualFold(scheme, "Bearer") || err != nil || claims.Subject == "" || claims.Sid == "" {
				w.Header().Set("WWW-Authenticate", "Bearer")
				http.Error(w, "Not authenticated", http.StatusUnauthorized)
				return
			}
			ctx := context.WithValue(r.Context(), userKey{}, claims.Subject)
			next.ServeHTTP(w, r.WithContext(ctx))
		})
	}, nil
}

func env(name, otherwise string) string {
	if value := os.Getenv(name); value != "" {
		return value
	}
	return otherwise
}
