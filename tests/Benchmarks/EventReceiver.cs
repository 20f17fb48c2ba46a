using System.Collections.Concurrent;
using System.Diagnostics;
using System.Net;
using System.Text;

namespace IntegrationHub.Benchmarks;

/// <summary>A subscriber's endpoint: reads the body, notes which event came when, and answers 200. In the process that sends, so that both go by one clock.</summary>
internal sealed class EventReceiver : IAsyncDisposable
{
    private static readonly byte[] Marker = "\"providereventid\":\""u8.ToArray();
    private readonly WebApplication app;
    private readonly ConcurrentDictionary<string, int> unsigned = new();
    private long total;
    private volatile TaskCompletionSource? gate;

    private EventReceiver(WebApplication app) => this.app = app;

    /// <summary>By the provider's event id: when it came first (a timestamp).</summary>
    public ConcurrentDictionary<string, long> FirstAt { get; } = new();

    /// <summary>Requests received, repetitions included.</summary>
    public long Total => Interlocked.Read(ref total);

    /// <summary>Requests without a signature.</summary>
    public int Unsigned => unsigned.Count;

    /// <summary>One body as it came, for the baseline to send as well.</summary>
    public byte[]? Sample { get; private set; }

    public string Url => app.Urls.First() + "/hooks";

    public static async Task<EventReceiver> StartAsync()
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.ConfigureKestrel(kestrel => kestrel.Listen(IPAddress.Loopback, 0));
        var app = builder.Build();
        var receiver = new EventReceiver(app);
        app.Run(receiver.TakeAsync);
        await app.StartAsync();
        return receiver;
    }

    /// <summary>Takes requests without answering them until <see cref="Open"/>.</summary>
    public void Close() => gate = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);

    public void Open()
    {
        var closed = gate;
        gate = null;
        closed?.SetResult();
    }

    public void Forget()
    {
        FirstAt.Clear();
        Interlocked.Exchange(ref total, 0);
    }

    public ValueTask DisposeAsync() => app.DisposeAsync();

    private async Task TakeAsync(HttpContext context)
    {
        var reader = context.Request.BodyReader;
        System.IO.Pipelines.ReadResult read;
        while (!(read = await reader.ReadAsync(context.RequestAborted)).IsCompleted)
            reader.AdvanceTo(read.Buffer.Start, read.Buffer.End);

        var now = Stopwatch.GetTimestamp();
        var id = Read(read.Buffer);
        reader.AdvanceTo(read.Buffer.End);
        if (!context.Request.Headers["webhook-signature"].ToString().StartsWith("v1,", StringComparison.Ordinal))
            unsigned.TryAdd(id, 1);
        if (gate is { } closed)
            await closed.Task.WaitAsync(context.RequestAborted);

        FirstAt.TryAdd(id, now);
        Interlocked.Increment(ref total);
    }

    private string Read(in System.Buffers.ReadOnlySequence<byte> body)
    {
        var bytes = body.IsSingleSegment ? body.FirstSpan : System.Buffers.BuffersExtensions.ToArray(body);
        Sample ??= bytes.ToArray();
        var at = bytes.IndexOf(Marker);
        if (at < 0)
            return "";

        var rest = bytes[(at + Marker.Length)..];
        return Encoding.ASCII.GetString(rest[..rest.IndexOf((byte)'"')]);
    }
}
