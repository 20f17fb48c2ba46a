using System.Collections;
using System.Reflection;
using System.Text.RegularExpressions;
using IntegrationHub.Host.Hosting;
using IntegrationHub.Host.Http;
using IntegrationHub.Tests.Support;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace IntegrationHub.Host.Tests.Hosting;

/// <summary>A slip in a setting's name is told at start, with its place; nothing is passed over.</summary>
public sealed partial class UnknownSettingsTests : IDisposable
{
    private static readonly Lazy<SettingsSection[]> Sections = new(Read);

    private readonly string data = Directory.CreateTempSubdirectory("hub-settings-").FullName;
    private readonly Sink log = new();

    [Theory]
    [InlineData("Hub:Sqlite:EventPerRun", "Did you mean Hub:Sqlite:EventsPerRun?")]
    [InlineData("Hub:Sqlit:EventsPerRun", "Did you mean Hub:Sqlite?")]
    [InlineData("Hub:Detla", "Did you mean Hub:Data?")]
    [InlineData("Hub:Delivery:QueueCapacity", "Did you mean Hub:Sqlite:QueueCapacity?")]
    [InlineData("Hub:Plugins:Limits:Concurrentcall", "Did you mean Hub:Plugins:Limits:ConcurrentCalls?")]
    [InlineData("Hub:Retention:Projects:shop:Event", "Did you mean Hub:Retention:Projects:shop:Events?")]
    [InlineData("Hub:Providers:stripe:Retry:MaxAttempt", "Did you mean Hub:Providers:stripe:Retry:MaxAttempts?")]
    [InlineData("Hub:Operations:Defaults:Limits:Bursts", "Did you mean Hub:Operations:Defaults:Limits:Burst?")]
    [InlineData("Hub:Plugins:Limits:Entries", "Known: AbandonAfter,")]
    [InlineData("Hub:Jobs:EffectiveSchedule:0", "There is no such setting.")]
    [InlineData("Hub:Jobs:Lease", "Did you mean Hub:Delivery:Lease?")]
    [InlineData("Hub:Delivery:Timeout:Seconds", "Hub:Delivery:Timeout takes one value")]
    [InlineData("Hub:OAuth:ReturnOrigins", "This is a list. Write its values one by one: Hub:OAuth:ReturnOrigins:0")]
    [InlineData("Hub:Plugins", "This is a section")]
    [InlineData("Hub:Retention:Projects", "This takes a name below it")]
    [InlineData("Hub:Kms:Something", "Known: Endpoint, KeyId, Region, Timeout.")]
    public void Check_NameThatNothingReads_IsRefusedWithWhatWasMeant(string key, string says)
    {
        var fault = Refused(new ConfigurationBuilder().AddCommandLine([$"--{key}", "value-of-it"]).Build());

        Assert.StartsWith($"{key}, from the command line: ", fault, StringComparison.Ordinal);
        Assert.Contains(says, fault, StringComparison.Ordinal);
        Assert.DoesNotContain("value-of-it", fault, StringComparison.Ordinal);
    }

    [Fact]
    public void Check_File_IsNamedByItsPath()
    {
        var file = Path.Combine(data, "appsettings.json");
        File.WriteAllText(file, """{ "Hub": { "Sqlite": { "EventPerRun": 5 }, "Delivery": { "Schedule": [] }, "OAuth": {} } }""");

        Assert.StartsWith($"Hub:Sqlite:EventPerRun, from the file {file}: ", Refused(new ConfigurationBuilder().AddJsonFile(file).Build()), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("HUB_SQLITE__EVENTPERRUN", "Did you mean Hub:Sqlite:EventsPerRun?")]
    [InlineData("HUB_SQLITE__EVENT_PER_RUN", "Did you mean Hub:Sqlite:EventsPerRun?")]
    [InlineData("HUB_DELIVERRY__TIMEOUT", "Did you mean Hub:Delivery?")]
    [InlineData("HUB_PLUGINS", "This is a section")]
    [InlineData("HUB_ALLOWED_NETWORKS", "This is a list")]
    public void Check_Variable_IsNamedAsItIsWritten(string variable, string says)
    {
        var fault = Refused(Variables(new() { [variable] = "x" }));

        Assert.Contains($", from the environment variable {variable}: ", fault, StringComparison.Ordinal);
        Assert.Contains(says, fault, StringComparison.Ordinal);
    }

    [Fact]
    public void Check_VariablesThatMayBeOthers_AreWarnedOfOnly()
    {
        Check(Variables(new() { ["HUB_PORT"] = "tcp://10.0.0.1:5080", ["HUB_PORT_5080_TCP_ADDR"] = "10.0.0.1", ["HUB_MASTER_KEYS"] = "secret" }));

        var warning = Assert.Single(log.Messages);
        Assert.Contains("HUB_PORT_5080_TCP_ADDR", warning, StringComparison.Ordinal);
        Assert.Contains("HUB_MASTER_KEYS (did you mean MasterKey?)", warning, StringComparison.Ordinal);
        Assert.DoesNotContain("secret", warning, StringComparison.Ordinal);
    }

    [Fact]
    public void Check_WhatIsKnown_IsTaken()
    {
        Check(Variables(new()
        {
            ["HUB_DATA"] = "x",
            ["HUB_SQLITE__EVENTS_PER_RUN"] = "5",
            ["HUB_ALLOWED_NETWORKS__0"] = "10.0.0.0/8",
            ["HUB_DELIVERY__SCHEDULE__29"] = "00:00:01",
            ["HUB_PROVIDERS__STRIPE__LIMITS__REQUESTSPERSECOND"] = "5",
            ["HUB_CONNECTIONS__CONN_1__BREAKER__BREAKFOR"] = "00:00:05",
            ["HUB_RETENTION__PROJECTS__SHOP__EVENTS"] = "7.00:00:00",
            ["HUB_PLUGINS__ALLOWINSTALL"] = "false",
            ["HUB_URLS"] = "http://127.0.0.1:0",
            ["HUB_URL"] = "http://127.0.0.1:1",
            ["HUB_API_KEY"] = "x",
            ["HUBBLE"] = "x",
        }));

        Assert.Empty(log.Messages);
    }

    [Fact]
    public void Check_SeveralSlips_AreAllNamed()
    {
        var failures = Assert.Throws<OptionsValidationException>(() => Check(new ConfigurationBuilder().AddInMemoryCollection([new("Hub:A:B", "1"), new("Hub:C", "2")]).Build())).Failures;

        Assert.Equal(2, failures.Count());
    }

    [Fact]
    public async Task Run_MisspeltSetting_EndsWithTheCodeThatForbidsRestarts_AndTouchesNothing()
    {
        var folder = Path.Combine(data, "hub");
        string[] args = ["--data", folder, "--plugins", Path.Combine(data, "none.json"), "--urls", "http://127.0.0.1:0", "--Serilog:MinimumLevel:Default", "Fatal", "--Hub:Sqlite:EventPerRun", "5"];

        Assert.Equal(ExitCodes.ConfigurationError, await HubProgram.RunAsync(() => HubApp.Build(args)).WaitAsync(TimeSpan.FromMinutes(3)));
        Assert.False(File.Exists(Path.Combine(folder, "hub.db")));
    }

    /// <summary>Whoever binds a class by another way than <see cref="CheckedOptions.AddSettings"/> has all its settings refused; this says so before an operator finds out.</summary>
    [Fact]
    public async Task EveryClassThatSettingsAreReadInto_IsKnown()
    {
        HashSet<Type> bound = [];
        List<SettingsSection> known = [];
        await using var app = HubApp.Build(["--data", data], builder =>
        {
            bound = [.. builder.Services.Select(service => service.ServiceType)
                .Where(type => type.IsGenericType && type.GetGenericTypeDefinition() == typeof(IOptionsChangeTokenSource<>))
                .Select(type => type.GetGenericArguments()[0])
                .Where(type => type.Assembly == typeof(HubApp).Assembly)];
            known = [.. builder.Services.Select(service => service.ImplementationInstance).OfType<SettingsSection>()];
        });

        var types = known.Select(section => section.Options).ToHashSet();
        Assert.Equal(bound.Order(ByName), types.Order(ByName));
        var withSection = typeof(HubApp).Assembly.GetTypes().Where(type => type.IsClass && type.GetField("Section", BindingFlags.Public | BindingFlags.Static) is { IsLiteral: true }).ToList();
        Assert.True(withSection.Count > 10);
        Assert.Empty(withSection.Except(types));
        Assert.All(known, section => Assert.True(section.Path == HubOptions.Section || section.Path.StartsWith(HubOptions.Section + ":", StringComparison.Ordinal), section.Path));
    }

    /// <summary>Every property that the binder would fill can be set, with the name that it has.</summary>
    [Fact]
    public void EveryPropertyOfEveryClass_IsASetting()
    {
        var tree = SettingsTree.Of(Sections.Value);
        foreach (var section in Sections.Value)
        {
            var at = section.Path.Split(':').Aggregate(tree, (node, name) => node.Find(name)!);
            foreach (var property in section.Options.GetProperties(BindingFlags.Public | BindingFlags.Instance).Where(property => property.SetMethod is { IsPublic: true }))
                Assert.True(at.Find(property.Name) is { } node && (node.Kind != SettingKind.Section || node.Names.Count > 0), $"{section.Path}:{property.Name}");
        }
    }

    /// <summary>They share the hub's environment, and must not be taken for slips.</summary>
    [Fact]
    public void VariablesOfTheCommands_AreNoSettings()
    {
        var read = Directory.EnumerateFiles(Repository.At("host", "Cli"), "*.cs").SelectMany(file => CommandVariable().Matches(File.ReadAllText(file))).Select(match => match.Groups[1].Value).Distinct().ToList();

        Assert.Contains("HUB_API_KEY", read);
        Check(Variables(new Hashtable(read.ToDictionary(name => name, _ => "x"))));
        Assert.Empty(log.Messages);
    }

    public void Dispose() => Directory.Delete(data, recursive: true);

    private static IComparer<Type> ByName { get; } = Comparer<Type>.Create((left, right) => string.CompareOrdinal(left.FullName, right.FullName));

    private static IConfigurationRoot Variables(Hashtable variables) => new ConfigurationBuilder().Add(new HubEnvironmentVariables(variables)).Build();

    private string Refused(IConfiguration configuration) => Assert.Single(Assert.Throws<OptionsValidationException>(() => Check(configuration)).Failures);

    private void Check(IConfiguration configuration)
    {
        using var logs = LoggerFactory.Create(logging => logging.AddProvider(log));
        new UnknownSettings(configuration, Sections.Value, logs.CreateLogger<UnknownSettings>()).Check();
    }

    private static SettingsSection[] Read()
    {
        using var app = HubApp.Build([]);
        return [.. app.Services.GetServices<SettingsSection>()];
    }

    [GeneratedRegex(@"Variable\(""(HUB_[A-Z_]+)""\)")]
    private static partial Regex CommandVariable();

    private sealed class Sink : ILoggerProvider, ILogger
    {
        public List<string> Messages { get; } = [];

        public ILogger CreateLogger(string categoryName) => this;

        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => true;

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter) => Messages.Add(formatter(state, exception));

        public void Dispose()
        {
        }
    }
}
