using System.Net.Sockets;
using System.Text;
using IntegrationHub.Host.Hosting;
using IntegrationHub.Host.Storage;
using IntegrationHub.Host.Tests.Fakes;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging.Abstractions;

namespace IntegrationHub.Host.Tests.Hosting;

/// <summary>Against a real datagram socket, as systemd holds one.</summary>
public sealed class SystemdNotifierTests : IDisposable
{
    private static readonly TimeSpan Limit = TimeSpan.FromMinutes(2);

    private readonly string folder = Directory.CreateTempSubdirectory("hub-sd-").FullName;
    private readonly FakeTimeProvider time = new();
    private readonly Lifetime lifetime = new();
    private readonly Storage storage = new();
    private readonly HubHealth health;

    public SystemdNotifierTests() => health = new HubHealth(storage, time);

    [SkippableTheory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Life_TellsReadyThenStopping(bool isAbstract)
    {
        using var systemd = Listen(isAbstract, out var name);
        using var notifier = Create(new() { ["NOTIFY_SOCKET"] = name });

        await notifier.StartAsync(CancellationToken.None);
        Assert.Equal(0, systemd.Available);
        lifetime.Start();
        Assert.Equal("READY=1\nSTATUS=Serving", await ReceiveAsync(systemd));

        await notifier.StopAsync(CancellationToken.None);
        Assert.Equal("STOPPING=1\nSTATUS=Draining", await ReceiveAsync(systemd));
        Assert.Equal(0, systemd.Available);
    }

    [SkippableFact]
    public async Task Watchdog_WhileHealthy_IsFedAtHalfItsTime()
    {
        using var systemd = Listen(false, out var name);
        using var notifier = Create(new() { ["NOTIFY_SOCKET"] = name, ["WATCHDOG_USEC"] = "30000000", ["WATCHDOG_PID"] = $"{Environment.ProcessId}" });
        health.MarkStarted();
        await StartedAsync(notifier, systemd);
        await time.WhenTimerIsDueInAsync(TimeSpan.FromSeconds(15)).WaitAsync(Limit);

        for (var i = 0; i < 3; i++)
        {
            time.Advance(TimeSpan.FromSeconds(15));
            Assert.Equal("WATCHDOG=1", await ReceiveAsync(systemd));
        }

        await notifier.StopAsync(CancellationToken.None);
        Assert.StartsWith("STOPPING=1", await ReceiveAsync(systemd), StringComparison.Ordinal);
    }

    [SkippableFact]
    public async Task Watchdog_StorageDoesNotAnswer_StarvesUntilItDoes()
    {
        using var systemd = Listen(false, out var name);
        using var notifier = Create(new() { ["NOTIFY_SOCKET"] = name, ["WATCHDOG_USEC"] = "30000000" });
        health.MarkStarted();
        storage.IsHealthy = false;
        await StartedAsync(notifier, systemd);
        await time.WhenTimerIsDueInAsync(TimeSpan.FromSeconds(15)).WaitAsync(Limit);

        time.Advance(TimeSpan.FromSeconds(15));
        await storage.AskedAsync();
        storage.IsHealthy = true;
        time.Advance(TimeSpan.FromSeconds(15));

        Assert.Equal("WATCHDOG=1", await ReceiveAsync(systemd));
        await notifier.StopAsync(CancellationToken.None);

        // Had the sick storage fed the watchdog, there were one more before this.
        Assert.StartsWith("STOPPING=1", await ReceiveAsync(systemd), StringComparison.Ordinal);
    }

    [SkippableTheory]
    [InlineData("30000000", "1")]
    [InlineData("0", null)]
    [InlineData("-5", null)]
    [InlineData("soon", null)]
    [InlineData(null, null)]
    public async Task Watchdog_NotMeantForThisProcess_IsLeftAlone(string? microseconds, string? pid)
    {
        using var systemd = Listen(false, out var name);
        using var notifier = Create(new() { ["NOTIFY_SOCKET"] = name, ["WATCHDOG_USEC"] = microseconds, ["WATCHDOG_PID"] = pid });
        health.MarkStarted();
        await StartedAsync(notifier, systemd);

        await notifier.ExecuteTask!.WaitAsync(Limit);

        Assert.Equal(0, storage.Asked);
        await notifier.StopAsync(CancellationToken.None);
        Assert.StartsWith("STOPPING=1", await ReceiveAsync(systemd), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Life_WithoutSystemd_DoesNothing()
    {
        using var notifier = Create([]);

        await notifier.StartAsync(CancellationToken.None);
        await notifier.ExecuteTask!.WaitAsync(Limit);
        await notifier.StopAsync(CancellationToken.None);
    }

    [SkippableFact]
    public async Task Life_SocketGone_GoesOn()
    {
        Skip.If(OperatingSystem.IsWindows(), "systemd is of Linux");
        using var notifier = Create(new() { ["NOTIFY_SOCKET"] = Path.Combine(folder, "gone") });

        await notifier.StartAsync(CancellationToken.None);
        lifetime.Start();
        await notifier.ExecuteTask!.WaitAsync(Limit);
        await notifier.StopAsync(CancellationToken.None);
    }

    public void Dispose()
    {
        lifetime.Dispose();
        Directory.Delete(folder, recursive: true);
    }

    private SystemdNotifier Create(Dictionary<string, string?> variables) =>
        new(health, lifetime, time, NullLogger<SystemdNotifier>.Instance, name => variables.GetValueOrDefault(name));

    private Socket Listen(bool isAbstract, out string name)
    {
        Skip.IfNot(OperatingSystem.IsLinux(), "systemd is of Linux");
        name = isAbstract ? "@hub-test-" + Guid.NewGuid().ToString("N") : Path.Combine(folder, "notify");
        var socket = new Socket(AddressFamily.Unix, SocketType.Dgram, ProtocolType.Unspecified);
        socket.Bind(new UnixDomainSocketEndPoint(isAbstract ? "\0" + name[1..] : name));
        return socket;
    }

    private static async Task<string> ReceiveAsync(Socket socket)
    {
        using var limit = new CancellationTokenSource(Limit);
        var buffer = new byte[256];
        var length = await socket.ReceiveAsync(buffer, limit.Token);
        return Encoding.UTF8.GetString(buffer, 0, length);
    }

    private async Task StartedAsync(SystemdNotifier notifier, Socket systemd)
    {
        await notifier.StartAsync(CancellationToken.None);
        lifetime.Start();
        Assert.StartsWith("READY=1", await ReceiveAsync(systemd), StringComparison.Ordinal);
    }

    private sealed class Storage : IHubStorage
    {
        private readonly SemaphoreSlim asks = new(0);
        private int asked;

        public volatile bool IsHealthy = true;

        public int Asked => Volatile.Read(ref asked);

        public Task OpenAsync(CancellationToken cancellationToken) => Task.CompletedTask;

        public Task<bool> IsHealthyAsync(CancellationToken cancellationToken)
        {
            Interlocked.Increment(ref asked);
            asks.Release();
            return Task.FromResult(IsHealthy);
        }

        public ValueTask DisposeAsync() => ValueTask.CompletedTask;

        public async Task AskedAsync() => Assert.True(await asks.WaitAsync(Limit));
    }

    private sealed class Lifetime : IHostApplicationLifetime, IDisposable
    {
        private readonly CancellationTokenSource started = new();

        public CancellationToken ApplicationStarted => started.Token;

        public CancellationToken ApplicationStopping => CancellationToken.None;

        public CancellationToken ApplicationStopped => CancellationToken.None;

        public void Start() => started.Cancel();

        public void StopApplication() => throw new InvalidOperationException("The notifier stops nothing.");

        public void Dispose() => started.Dispose();
    }
}
