using System.Threading.Channels;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace IntegrationHub.Host.Tests.Fakes;

/// <summary>A subscriber's endpoint on a real socket: keeps what it gets and answers as it is told.</summary>
internal sealed class EventReceiver : IAsyncDisposable
{
    private readonly WebApplication app;
    private readonly Channel<ReceivedEvent> received = Channel.CreateUnbounded<ReceivedEvent>();

    private EventReceiver(WebApplication app) => this.app = app;

    /// <summary>What to answer; 200 unless set.</summary>
    public Func<ReceivedEvent, HttpContext, Task> Answer { get; set; } = (_, _) => Task.CompletedTask;

    public ChannelReader<ReceivedEvent> Received => received.Reader;

    public string Url => app.Urls.First() + "/hooks";

    public static async Task<EventReceiver> StartAsync()
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        builder.Logging.ClearProviders();
        var app = builder.Build();
        var receiver = new EventReceiver(app);
        app.Run(async context =>
        {
            using var body = new MemoryStream();
            await context.Request.Body.CopyToAsync(body);
            var got = new ReceivedEvent(context.Request.Headers.ToDictionary(header => header.Key, header => header.Value.ToString(), StringComparer.OrdinalIgnoreCase), body.ToArray());
            receiver.received.Writer.TryWrite(got);
            await receiver.Answer(got, context);
        });
        await app.StartAsync();
        return receiver;
    }

    public void AnswerWith(int status) => Answer = (_, context) =>
    {
        context.Response.StatusCode = status;
        return Task.CompletedTask;
    };

    public ValueTask DisposeAsync() => app.DisposeAsync();
}

internal sealed record ReceivedEvent(IReadOnlyDictionary<string, string> Headers, byte[] Body);
