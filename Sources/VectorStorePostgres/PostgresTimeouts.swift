// How long a connection waits.

#if Postgres
  /// The bounds of a connection's waits. A parameter of the address, such as `keepalives_idle`, wins.
  package struct PostgresTimeouts: Sendable, Equatable {
    /// How long connecting may take, over all of the address's hosts. `connect_timeout` in the address wins.
    /// Looking a host's name up is bounded by the system instead.
    package var connect: Duration
    /// How long a call may wait without a byte from the server, or a byte that it takes. Nil waits for as long
    /// as the connection lives: for statements that say nothing for hours, such as building an index.
    package var answer: Duration?
    /// How long a cancelled call waits for the server to end it, before the connection is given up.
    package var cancel: Duration
    /// How long an idle connection waits before it asks whether the other side is still there, and again.
    package var keepaliveIdle: Duration
    package var keepaliveInterval: Duration
    package var keepaliveCount: Int
    /// How long sent bytes may stay unconfirmed by the other machine (`tcp_user_timeout`).
    package var unconfirmed: Duration

    package init(
      connect: Duration = .seconds(15), answer: Duration? = .seconds(120),
      cancel: Duration = .seconds(5), keepaliveIdle: Duration = .seconds(30),
      keepaliveInterval: Duration = .seconds(10), keepaliveCount: Int = 3,
      unconfirmed: Duration = .seconds(60)
    ) {
      self.connect = connect
      self.answer = answer
      self.cancel = cancel
      self.keepaliveIdle = keepaliveIdle
      self.keepaliveInterval = keepaliveInterval
      self.keepaliveCount = keepaliveCount
      self.unconfirmed = unconfirmed
    }

    /// libpq's parameters.
    var parameters: [String: String] {
      [
        "keepalives": "1",
        "keepalives_idle": String(max(1, keepaliveIdle.components.seconds)),
        "keepalives_interval": String(max(1, keepaliveInterval.components.seconds)),
        "keepalives_count": String(keepaliveCount),
        "tcp_user_timeout": String(max(1, unconfirmed.milliseconds)),
      ]
    }
  }

  extension Duration {
    /// Whole milliseconds, rounded up.
    var milliseconds: Int64 {
      let (seconds, attoseconds) = components
      return seconds * 1000 + (attoseconds + 999_999_999_999_999) / 1_000_000_000_000_000
    }
  }
#endif
