#pragma warning disable CA1873 // What is logged here is what is tested.
using System.Collections.Concurrent;
using IntegrationHub.Host.Plugins;
using IntegrationHub.Host.Tests.Fakes;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;

namespace IntegrationHub.Host.Tests.Plugins.Containment;

public sealed class PluginLoggingTests : IDisposable
{
    private readonly FakeTimeProvider time = new();
    private readonly PluginLimits limits = new() { LogRate = 10, LogBurst = 50, LogMessage = 100 };
    private readonly RecordingLogs host = new();
    private readonly FaultLedger ledger;
    private readonly LogBudget budget;
    private readonly PluginLoggerFactory factory;

    public PluginLoggingTests()
    {
        ledger = new FaultLedger("acme", new QuarantineOptions(), new QuarantineRequests(), time, NullLogger.Instance);
        budget = new LogBudget("acme", limits, ledger, time, host.CreateLogger("hub"));
        factory = new PluginLoggerFactory(host, "acme", budget, limits.LogMessage);
    }

    [Fact]
    public void Log_Message_ReachesTheHostAsPlainValuesUnderThePluginsName()
    {
        var thing = new Thing("letters");
        var logger = factory.CreateLogger("Client");
        logger.LogInformation("Sent {Count} of {Thing} for {Who}", 3, thing, "you");

        var entry = Assert.Single(host.Entries);
        Assert.Equal("Plugin.acme.Client", entry.Category);
        Assert.Equal("Sent 3 of letters for you", entry.Text);
        Assert.Equal(3, entry.Properties["Count"]);
        Assert.Equal("letters", entry.Properties["Thing"]);
        Assert.All(entry.Properties.Values, value => Assert.Same(typeof(object).Assembly, value!.GetType().Assembly));
    }

    [Fact]
    public void Log_Exception_ArrivesAsText()
    {
        factory.CreateLogger("x").LogError(new Trouble("why"), "It failed");

        var entry = Assert.Single(host.Entries);
        Assert.Null(entry.Exception);
        Assert.StartsWith("It failed", entry.Text, StringComparison.Ordinal);
        Assert.Contains("why", entry.Text, StringComparison.Ordinal);
    }

    [Fact]
    public void Log_EverythingThrows_IsContained()
    {
        var logger = factory.CreateLogger("x");
        logger.Log(LogLevel.Error, default, new ThrowingThing(), new ThrowingException(), (_, _) => throw new InvalidOperationException());
        using (logger.BeginScope(new ThrowingThing()))
            logger.LogError(new ThrowingException(), "{Thing}", new ThrowingThing());

        Assert.Equal(2, host.Entries.Count);
        Assert.All(host.Entries, entry => Assert.Contains("InvalidOperationException", entry.Text, StringComparison.Ordinal));
    }

    [Fact]
    public void Log_LongMessage_IsCut()
    {
        var text = new string('x', 1_000_000);
        var logger = factory.CreateLogger("x");
        logger.LogInformation("{Long}", text);

        var entry = Assert.Single(host.Entries);
        Assert.True(entry.Text.Length <= limits.LogMessage + 1);
        Assert.All(entry.Properties.Values.OfType<string>(), value => Assert.True(value.Length <= limits.LogMessage + 1));
    }

    [Fact]
    public void Log_Flood_IsCutToTheBurstThenTheRateAndSummedUp()
    {
        var logger = factory.CreateLogger("x");
        for (var i = 0; i < 1000; i++)
            logger.LogInformation("flood");

        Assert.Equal(50, host.Of("Plugin.acme.x").Count());
        Assert.Single(host.Of("hub"));
        time.Advance(TimeSpan.FromSeconds(1));
        for (var i = 0; i < 1000; i++)
            logger.LogInformation("flood");

        Assert.Equal(60, host.Of("Plugin.acme.x").Count());
        budget.Close();
        Assert.Contains("1940", host.Of("hub").Last().Text, StringComparison.Ordinal);
    }

    [Fact]
    public void Log_FloodForAMinute_IsAReasonForQuarantine()
    {
        var logger = factory.CreateLogger("x");
        for (var second = 0; second < 70; second++)
        {
            for (var i = 0; i < 100; i++)
                logger.LogInformation("flood");

            Assert.Equal(second >= 60, ledger.IsClosed);
            time.Advance(TimeSpan.FromSeconds(1));
        }
    }

    [Fact]
    public async Task Log_InACall_HasTheCallersScopesThenThePlugins_AndNoneOfTheCallersAfterItsEnd()
    {
        var logger = factory.CreateLogger("x");
        CallFlow flow;
        using (host.Scope("req_1"))
            flow = new CallFlow();

        await InCallAsync();
        async Task InCallAsync()
        {
            flow.Enter();
            using (logger.BeginScope("outer"))
            using (logger.BeginScope("inner"))
                logger.LogInformation("during");

            await Task.Yield();
            logger.LogInformation("still");
            flow.End();
            using (logger.BeginScope("own"))
                logger.LogInformation("after");
        }

        Assert.Equal(["req_1 > outer > inner: during", "req_1: still", "own: after"], host.Entries.Select(entry => $"{entry.Scopes}: {entry.Text}"));
        Assert.Null(CallFlow.Caller);
    }

    [Fact]
    public void BeginScope_NeverDisposed_StaysSmall()
    {
        var logger = factory.CreateLogger("x");
        for (var i = 0; i < 100_000; i++)
            _ = logger.BeginScope("again");

        logger.LogInformation("at last");
        Assert.Equal(16, Assert.Single(host.Entries).Scopes.Split(" > ").Length);
    }

    [Fact]
    public void Log_ThreadWasInterrupted_IsWrittenAllTheSame()
    {
        host.Waits = true;
        var logger = factory.CreateLogger("x");
        var thread = new Thread(() =>
        {
            for (var i = 0; i < 40; i++)
            {
                Thread.CurrentThread.Interrupt();
                logger.LogInformation("one");
            }
        });
        thread.Start();
        thread.Join();

        Assert.Equal(40, host.Entries.Count);
    }

    [Fact]
    public void CreateLogger_EverNewCategories_AreSoManyAndNoMore()
    {
        for (var i = 0; i < 10_000; i++)
            factory.CreateLogger($"Category{i}");

        Assert.Equal(PluginLoggerFactory.MaxCategories + 2, host.Categories);
    }

    public void Dispose()
    {
        factory.Dispose();
        host.Dispose();
    }

    private sealed record Thing(string Name)
    {
        public override string ToString() => Name;
    }

    private sealed class Trouble(string message) : Exception(message);

    private sealed class ThrowingThing : IFormattable
    {
        public override string ToString() => throw new InvalidOperationException();

        public string ToString(string? format, IFormatProvider? formatProvider) => throw new InvalidOperationException();
    }

    private sealed class ThrowingException : Exception
    {
        public override string Message => throw new InvalidOperationException();

        public override string ToString() => throw new InvalidOperationException();
    }

    private sealed record Entry(string Category, string Text, IReadOnlyDictionary<string, object?> Properties, Exception? Exception, string Scopes);

    private sealed class RecordingLogs : ILoggerFactory
    {
        private readonly AsyncLocal<string?> scopes = new();

        /// <summary>As a sink does that has to wait for another.</summary>
        public bool Waits { get; set; }

        public IDisposable Scope(string text)
        {
            var outer = scopes.Value;
            scopes.Value = outer is null ? text : $"{outer} > {text}";
            return new Ending(() => scopes.Value = outer);
        }

        public ConcurrentQueue<Entry> Entries { get; } = new();

        public int Categories { get; private set; }

        public IEnumerable<Entry> Of(string category) => Entries.Where(entry => entry.Category == category);

        public ILogger CreateLogger(string categoryName)
        {
            Categories++;
            return new Recorder(this, categoryName);
        }

        public void AddProvider(ILoggerProvider provider) => throw new NotSupportedException();

        public void Dispose()
        {
        }

        private sealed class Recorder(RecordingLogs owner, string category) : ILogger
        {
            public IDisposable? BeginScope<TState>(TState state)
                where TState : notnull
            {
                return owner.Scope(Assert.IsType<string>(state));
            }

            public bool IsEnabled(LogLevel logLevel) => true;

            public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
            {
                if (owner.Waits)
                    new ManualResetEvent(false).WaitOne(TimeSpan.FromMilliseconds(1));

                owner.Entries.Enqueue(new Entry(
                    category,
                    formatter(state, exception),
                    state is IEnumerable<KeyValuePair<string, object?>> pairs ? pairs.ToDictionary() : new Dictionary<string, object?>(),
                    exception,
                    owner.scopes.Value ?? ""));
            }
        }

        private sealed class Ending(Action end) : IDisposable
        {
            public void Dispose() => end();
        }
    }
}
