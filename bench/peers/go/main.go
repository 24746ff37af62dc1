// The same endpoints on gin, mattn/go-sqlite3 and golang-jwt; SQLite only, one process.
//
// Reads DATABASE_URL, SECRET_KEY, PORT and SIMPLE_JWT_ROTATE_REFRESH_TOKENS.
package main

import (
	"log"
	"net/http"
	"os"
	"runtime/debug"
	"strconv"
	"strings"

	"github.com/gin-gonic/gin"
)

type server struct {
	store    *store
	keys     *keys
	rotating bool
}

func main() {
	// So little memory is in use that the default would collect garbage many times a second.
	debug.SetGCPercent(400)
	store, err := openStore(strings.TrimPrefix(os.Getenv("DATABASE_URL"), "sqlite://"))
	if err != nil {
		log.Fatal(err)
	}
	s := &server{store, newKeys(os.Getenv("SECRET_KEY")), os.Getenv("SIMPLE_JWT_ROTATE_REFRESH_TOKENS") == "true"}
	gin.SetMode(gin.ReleaseMode)
	app := gin.New()
	app.GET("/api/protected/", s.protected)
	app.POST("/api/token/verify/", s.verify)
	app.POST("/api/token/refresh/", s.refresh)
	app.POST("/api/token/", s.obtain)
	log.Fatal(app.Run("127.0.0.1:" + os.Getenv("PORT")))
}

type greeting struct {
	Message string `json:"message"`
	User    string `json:"user"`
}

type pair struct {
	Refresh string `json:"refresh,omitempty"`
	Access  string `json:"access"`
}

// answer sends the body, a 401 when the request was not good, or a 500.
func answer(c *gin.Context, body any, good bool, err error) {
	switch {
	case err != nil:
		log.Print(err)
		c.AbortWithStatus(http.StatusInternalServerError)
	case !good:
		refuse(c)
	default:
		c.JSON(http.StatusOK, body)
	}
}

func refuse(c *gin.Context) {
	c.JSON(http.StatusUnauthorized, gin.H{"detail": "refused"})
}

func (s *server) protected(c *gin.Context) {
	claims := s.keys.decode(strings.TrimPrefix(c.GetHeader("Authorization"), "Bearer "), "access")
	if claims == nil {
		refuse(c)
		return
	}
	name, err := s.store.reads.userName(claims)
	answer(c, greeting{"Hello, authenticated user!", name}, name != "", err)
}

func (s *server) verify(c *gin.Context) {
	var request struct {
		Token string `json:"token" binding:"required"`
	}
	if c.BindJSON(&request) != nil {
		return
	}
	claims := s.keys.decode(request.Token, "")
	if claims == nil {
		refuse(c)
		return
	}
	blacklisted, err := s.store.reads.isBlacklisted(claims)
	answer(c, struct{}{}, !blacklisted, err)
}

func (s *server) refresh(c *gin.Context) {
	var request struct {
		Refresh string `json:"refresh" binding:"required"`
	}
	if c.BindJSON(&request) != nil {
		return
	}
	old := s.keys.decode(request.Refresh, "refresh")
	if old == nil {
		refuse(c)
		return
	}
	tokens := pair{Access: s.keys.access(old.UserID)}
	if !s.rotating {
		usable, err := s.store.reads.isUsable(old)
		answer(c, tokens, usable, err)
		return
	}
	var successor *claims
	tokens.Refresh, successor = s.keys.refresh(old.UserID)
	rotated, err := s.store.writer.rotate(request.Refresh, old, tokens.Refresh, successor)
	answer(c, tokens, rotated, err)
}

func (s *server) obtain(c *gin.Context) {
	var request struct {
		Username string `json:"username" binding:"required"`
		Password string `json:"password" binding:"required"`
	}
	if c.BindJSON(&request) != nil {
		return
	}
	id, stored, err := s.store.login(request.Username)
	if err != nil || !isPassword(request.Password, stored) {
		answer(c, nil, false, err)
		return
	}
	user := strconv.FormatInt(id, 10)
	refresh, claims := s.keys.refresh(user)
	err = s.store.writer.add(refresh, claims)
	answer(c, pair{refresh, s.keys.access(user)}, true, err)
}
