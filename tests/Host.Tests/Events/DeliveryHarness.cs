using System.Diagnostics.Metrics;
using System.Security.Cryptography;
using System.Text;
using IntegrationHub.Host.Events;
using IntegrationHub.Host.Events.DeadLetters;
using IntegrationHub.Host.Http;
using IntegrationHub.Host.Tests.Fakes;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;

namespace IntegrationHub.Host.Tests.Events;

/// <summary>The delivery worker on fakes, real HTTP and a clock that the test moves.</summary>
internal sealed class DeliveryHarness : IAsyncDisposable
{
    /// <summary>So long that the fallback never gets in a test's way.</summary>
    public static readonly TimeSpan Tick = TimeSpan.FromDays(30);

    private readonly ServiceProvider services = new ServiceCollection().AddMetrics().BuildServiceProvider();
    private readonly FakeEgressHandlers egress;
    private readonly WebhookTarget webhooks;
    private readonly List<DeliveryWorker> workers = [];

    public DeliveryHarness(Action<DeliveryOptions>? configure = null, HttpMessageHandler? handler = null, InMemoryEventStore? store = null, FakeTimeProvider? time = null, InMemoryEndpointStateStore? states = null)
    {
        Time = time ?? new FakeTimeProvider();
        EndpointStates = states ?? new InMemoryEndpointStateStore();
        Store = store ?? new InMemoryEventStore(Time);
        Options = new DeliveryOptions { Jitter = 0, Tick = Tick };
        configure?.Invoke(Options);
        egress = new FakeEgressHandlers(handler);
        Metrics = new EventMetrics(services.GetRequiredService<IMeterFactory>());
        Registry = new SubscriptionRegistry(Subscriptions, Sealer, NullLogger<SubscriptionRegistry>.Instance);
        Publisher = new EventPublisher(Store, Registry, Signal, Metrics);
        var payloads = new DeliveryPayloads(Sealer);
        webhooks = new WebhookTarget(
            egress, new SubscriptionSecrets(Sealer), payloads, Microsoft.Extensions.Options.Options.Create(Options),
            Microsoft.Extensions.Options.Options.Create(new HubOptions { AllowPrivateTargets = true }), Time);
        var targets = new SubscriptionTargets([webhooks]);
        Sender = new DeliverySender(targets, payloads, new AnswerRedaction(new SubscriptionSecrets(Sealer)), Time, Metrics);
        Endpoints = new EndpointRegistry(
            EndpointStates, Subscriptions, Registry, targets, HubEvents, Audit, Microsoft.Extensions.Options.Options.Create(Options), Time, NullLogger<EndpointRegistry>.Instance);
        Replay = new DeliveryReplay(Store, Registry, Signal, Time);
    }

    public FakeTimeProvider Time { get; }

    public InMemoryEventStore Store { get; }

    public InMemorySubscriptionStore Subscriptions { get; } = new();

    public FakeSealer Sealer { get; } = new();

    public DeliveryOptions Options { get; }

    public DeliverySignal Signal { get; } = new();

    public DeadLetterSignal DeadLetters { get; } = new();

    public EventMetrics Metrics { get; }

    public SubscriptionRegistry Registry { get; }

    public EventPublisher Publisher { get; }

    public DeliverySender Sender { get; }

    public DeliveryReplay Replay { get; }

    public InMemoryEndpointStateStore EndpointStates { get; }

    public RecordingHubEvents HubEvents { get; } = new();

    public RecordingAuditTrail Audit { get; } = new();

    public EndpointRegistry Endpoints { get; }

    public async Task<(Subscription Subscription, string Secret)> SubscribeAsync(string url, string pattern = "acme.**", Func<Subscription, Subscription>? change = null)
    {
        var made = SomeEvent.Subscribed(url, pattern);
        made.Subscription = change?.Invoke(made.Subscription) ?? made.Subscription;
        await Subscriptions.AddAsync(made.Subscription, CancellationToken.None);
        await Registry.LoadAsync(CancellationToken.None);
        return made;
    }

    /// <summary>Enables what the hub disabled, as a person does.</summary>
    public async Task EnableAsync(Subscription subscription)
    {
        var now = (await Subscriptions.GetAsync(subscription.Id, CancellationToken.None))!;
        Assert.True(await Subscriptions.UpdateAsync(now with { Enabled = true, DisabledReason = null, Version = now.Version + 1 }, CancellationToken.None));
        await Registry.LoadAsync(CancellationToken.None);
    }

    public async Task<HubEvent> PublishAsync(string type = "acme.order.paid")
    {
        var hubEvent = SomeEvent.Of(Time, type);
        await Publisher.PublishAsync(null, [hubEvent], TimeSpan.FromHours(24), CancellationToken.None);
        return hubEvent;
    }

    public async Task<DeliveryWorker> StartAsync()
    {
        var worker = new DeliveryWorker(
            Store, Subscriptions, Registry, Endpoints, Sender,
            new DeliveryOutcomeRules(new RetrySchedule(Options.EffectiveSchedule, Options.Jitter, new Random(1)), new OptionsWrapper<DeliveryOptions>(Options), Time), Signal, DeadLetters, Metrics,
            new OptionsWrapper<DeliveryOptions>(Options), Time, NullLogger<DeliveryWorker>.Instance);
        workers.Add(worker);
        await worker.StartAsync(CancellationToken.None);
        return worker;
    }

    /// <summary>Waits until the worker sleeps for exactly so long, then moves the clock there.</summary>
    public async Task SleepAsync(TimeSpan pause)
    {
        await Time.WhenTimerIsDueInAsync(pause).Soon();
        Time.Advance(pause);
    }

    /// <summary>The signature of a delivery as the Standard Webhooks specification makes it, with nothing of the hub's code.</summary>
    public static string Signature(ReceivedEvent got, string secret)
    {
        using var hmac = new HMACSHA256(Convert.FromBase64String(secret["whsec_".Length..]));
        byte[] signed = [.. Encoding.UTF8.GetBytes($"{got.Headers["webhook-id"]}.{got.Headers["webhook-timestamp"]}."), .. got.Body];
        return "v1," + Convert.ToBase64String(hmac.ComputeHash(signed));
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var worker in workers)
        {
            await worker.StopAsync(CancellationToken.None).Soon();
            worker.Dispose();
        }

        webhooks.Dispose();
        Registry.Dispose();
        egress.Dispose();
        await services.DisposeAsync();
    }
}

internal static class Patience
{
    // Only what never comes takes so long, on the slowest machine too.
    public static readonly TimeSpan Limit = TimeSpan.FromMinutes(2);

    /// <summary>Awaits what must happen; a hang becomes a failure.</summary>
    public static Task Soon(this Task task) => task.WaitAsync(Limit);

    public static Task<T> Soon<T>(this Task<T> task) => task.WaitAsync(Limit);

    public static Task<T> Soon<T>(this ValueTask<T> task) => task.AsTask().Soon();
}
