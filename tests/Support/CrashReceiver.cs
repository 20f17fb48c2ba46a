using System.Diagnostics;
using System.Net;
using System.Text.Json;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace IntegrationHub.Tests.Support;

/// <summary>One arrival at the subscriber's endpoint.</summary>
/// <param name="At">When it came, by <see cref="Stopwatch.GetTimestamp"/>.</param>
/// <param name="EventId">The hub's id, from the header.</param>
/// <param name="ProviderEventId">The provider's id, from the envelope.</param>
/// <param name="IsReplay">Whether a person asked for it.</param>
/// <param name="Taken">Whether it was answered 200.</param>
public sealed record CrashArrival(long At, string EventId, string ProviderEventId, bool IsReplay, bool Taken);

/// <summary>A subscriber that writes down everything that arrives, refuses a few on purpose, and lets others act at the very moment of an arrival. Thread-safe.</summary>
public sealed class CrashReceiver : IAsyncDisposable
{
    private readonly WebApplication app;
    private readonly List<CrashArrival> arrivals = [];
    private readonly Random random;

    private CrashReceiver(WebApplication app, int seed)
    {
        this.app = app;
        random = new Random(seed);
    }

    public Uri Address => new(app.Urls.First());

    /// <summary>Called at each arrival, before it is answered.</summary>
    public Action? Arrived { get; set; }

    /// <summary>Called once the answer is on its way.</summary>
    public Action? Answered { get; set; }

    /// <summary>One of so many is refused with 503. Default 20.</summary>
    public int RefuseOneIn { get; set; } = 20;

    /// <summary>How long each answer takes. Unless it is set: nothing, and sometimes up to 20 ms.</summary>
    public TimeSpan? Pause { get; set; }

    public static async Task<CrashReceiver> StartAsync(int seed)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.ConfigureKestrel(kestrel => kestrel.Listen(IPAddress.Loopback, 0));
        var app = builder.Build();
        var receiver = new CrashReceiver(app, seed);
        app.Run(receiver.TakeAsync);
        await app.StartAsync();
        return receiver;
    }

    public IReadOnlyList<CrashArrival> Arrivals()
    {
        lock (arrivals)
            return [.. arrivals];
    }

    public async ValueTask DisposeAsync() => await app.DisposeAsync();

    private async Task TakeAsync(HttpContext context)
    {
        var at = Stopwatch.GetTimestamp();
        using var envelope = await JsonDocument.ParseAsync(context.Request.Body, default, context.RequestAborted);
        var provider = envelope.RootElement.GetProperty("providereventid").GetString()!;
        bool taken;
        int pause;
        lock (arrivals)
        {
            taken = random.Next(RefuseOneIn) != 0;
            pause = Pause is { } each ? (int)each.TotalMilliseconds : random.Next(4) == 0 ? random.Next(20) : 0;
            arrivals.Add(new CrashArrival(at, context.Request.Headers["webhook-id"].ToString(), provider, context.Request.Headers.ContainsKey("webhook-replay"), taken));
        }

        Arrived?.Invoke();
        if (pause > 0)
            await Task.Delay(pause, context.RequestAborted);

        context.Response.StatusCode = taken ? 200 : 503;
        await context.Response.CompleteAsync();
        Answered?.Invoke();
    }
}
