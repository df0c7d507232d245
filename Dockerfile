# The cloud, as compose.yaml runs it. No cgo, no shell in the last stage.
FROM golang:1.26-bookworm AS build
WORKDIR /src
COPY go.mod go.sum ./
RUN go mod download
COPY . .
RUN CGO_ENABLED=0 go build -buildvcs=false -trimpath -ldflags=-s -o /out/cloud ./cmd/cloud \
    && mkdir -p /out/photos

# static-debian12 holds certificates, time zones and the user nonroot (65532).
FROM gcr.io/distroless/static-debian12:nonroot
COPY --from=build /out/cloud /usr/local/bin/cloud
# A new volume takes over this folder's owner.
COPY --from=build --chown=65532:65532 /out/photos /var/lib/gatehouse/photos
USER 65532:65532
ENV PARK_LISTEN=:8080 PARK_PHOTOS=/var/lib/gatehouse/photos
EXPOSE 8080
HEALTHCHECK --interval=10s --timeout=5s --start-period=20s --retries=3 \
    CMD ["/usr/local/bin/cloud", "health"]
ENTRYPOINT ["/usr/local/bin/cloud"]
CMD ["serve"]
