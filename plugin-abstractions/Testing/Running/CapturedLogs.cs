using System.Collections.Concurrent;
using Microsoft.Extensions.Logging;

namespace IntegrationHub.Testing.Running;

/// <summary>Keeps what is logged, as text: an exception object would keep its plugin in memory. Thread-safe.</summary>
internal sealed class CapturedLogs : ILoggerFactory
{
    /// <summary>More lines than this are a flood; the rest is counted only.</summary>
    public const int Most = 20_000;

    private readonly ConcurrentQueue<(LogLevel Level, string Text)> lines = new();
    private int count;

    public IReadOnlyCollection<(LogLevel Level, string Text)> Lines => lines;

    public int Count => count;

    public ILogger CreateLogger(string categoryName) => new Logger(this);

    public void AddProvider(ILoggerProvider provider) => throw new NotSupportedException("Plugins log through the host and add no providers of their own.");

    public void Dispose()
    {
    }

    private void Keep(LogLevel level, string text)
    {
        if (Interlocked.Increment(ref count) <= Most)
            lines.Enqueue((level, text));
    }

    private sealed class Logger(CapturedLogs logs) : ILogger
    {
        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull
        {
            logs.Keep(LogLevel.None, "scope: " + Text(state));
            return null;
        }

        public bool IsEnabled(LogLevel logLevel) => true;

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
        {
            logs.Keep(logLevel, formatter(state, exception) + "\n" + Text(state) + (exception is null ? "" : "\n" + exception));
        }

        /// <summary>Structured logs keep every value, also one that the message leaves out.</summary>
        private static string Text<TState>(TState state) =>
            state is IEnumerable<KeyValuePair<string, object?>> values ? string.Join(' ', values.Select(pair => $"{pair.Key}={pair.Value}")) : state?.ToString() ?? "";
    }
}
