package main

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"runtime"
	"strconv"
	"strings"
	"time"

	// Version 4: Debian leaves that out of the path.
	"github.com/golang-jwt/jwt"
	"golang.org/x/crypto/pbkdf2"
)

type claims struct {
	TokenType string `json:"token_type"`
	Exp       int64  `json:"exp"`
	Iat       int64  `json:"iat"`
	JTI       string `json:"jti"`
	UserID    string `json:"user_id"`
}

// Valid is what the parser calls.
func (c *claims) Valid() error {
	if time.Now().Unix() >= c.Exp {
		return jwt.ErrTokenExpired
	}
	return nil
}

type keys struct {
	key    any
	parser *jwt.Parser
}

func newKeys(secret string) *keys {
	return &keys{[]byte(secret), jwt.NewParser(jwt.WithValidMethods([]string{"HS256"}))}
}

// decode gives the claims of a token of this kind, or of any when it is empty; nil when the token is not good.
func (k *keys) decode(text, kind string) *claims {
	found := new(claims)
	_, err := k.parser.ParseWithClaims(text, found, func(*jwt.Token) (any, error) { return k.key, nil })
	if err != nil || (kind != "" && found.TokenType != kind) {
		return nil
	}
	return found
}

func (k *keys) access(user string) string {
	text, _ := k.sign("access", 3600, user)
	return text
}

func (k *keys) refresh(user string) (string, *claims) {
	return k.sign("refresh", 86400, user)
}

func (k *keys) sign(kind string, seconds int64, user string) (string, *claims) {
	iat := time.Now().Unix()
	made := &claims{kind, iat + seconds, iat, newJTI(), user}
	text, err := jwt.NewWithClaims(jwt.SigningMethodHS256, made).SignedString(k.key)
	if err != nil {
		panic(err)
	}
	return text, made
}

// newJTI is a random UUID without hyphens.
func newJTI() string {
	var id [16]byte
	if _, err := rand.Read(id[:]); err != nil {
		panic(err)
	}
	id[6] = id[6]&0x0f | 0x40
	id[8] = id[8]&0x3f | 0x80
	return hex.EncodeToString(id[:])
}

// As many passwords at a time as there are processors. More at a time would not end sooner, and other requests would have to wait for
// a time slice of each.
var hashing = make(chan struct{}, runtime.GOMAXPROCS(0))

// isPassword takes the same time for a user who does not exist.
func isPassword(password, stored string) bool {
	iterations, salt, hash := 1000000, "", []byte(nil)
	if parts := strings.Split(stored, "$"); len(parts) == 4 {
		iterations, _ = strconv.Atoi(parts[1])
		salt = parts[2]
		hash, _ = base64.StdEncoding.DecodeString(parts[3])
	}
	hashing <- struct{}{}
	defer func() { <-hashing }()
	return hmac.Equal(hash, pbkdf2.Key([]byte(password), []byte(salt), iterations, sha256.Size, sha256.New))
}
