using IntegrationHub.Host.Tests.Fakes;
using IntegrationHub.Host.Webhooks;
using Microsoft.Extensions.Logging;

namespace IntegrationHub.Host.Tests.Webhooks;

public sealed class RefusalLogTests
{
    [Fact]
    public void Write_AFlood_IsCutOffAndCounted()
    {
        var time = new FakeTimeProvider();
        var lines = new ListLogger();
        var log = new RefusalLog(time, lines);
        for (var i = 0; i < 1000; i++)
            log.Write("acme", "conn_1", "signature_invalid", null);
        Assert.Equal(RefusalLog.LinesPerWindow, lines.Count);

        time.Advance(RefusalLog.Window);
        log.Write("acme", "conn_1", "signature_invalid", null);
        Assert.Contains("980 further", lines[^2], StringComparison.Ordinal);
    }

    [Fact]
    public void Write_HostileNames_CannotForgeALine()
    {
        var lines = new ListLogger();
        new RefusalLog(new FakeTimeProvider(), lines).Write("acme\n[ERR] forged", new string('x', 10_000), "not_found", null);
        var line = Assert.Single(lines);
        Assert.DoesNotContain('\n', line);
        Assert.True(line.Length < 250, line);
    }

    private sealed class ListLogger : List<string>, ILogger<RefusalLog>
    {
        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => true;

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter) => Add(formatter(state, exception));
    }
}
