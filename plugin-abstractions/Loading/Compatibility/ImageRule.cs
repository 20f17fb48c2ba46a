using System.Reflection.PortableExecutable;
using System.Runtime.InteropServices;
using System.Runtime.Versioning;

namespace IntegrationHub.Loading.Compatibility;

/// <summary>The file as such: code for this processor, for a runtime no newer than this one, and code at all.</summary>
internal static class ImageRule
{
    private const string TargetFramework = "System.Runtime.Versioning.TargetFrameworkAttribute";
    private const string ReferenceAssembly = "System.Runtime.CompilerServices.ReferenceAssemblyAttribute";

    // Precompiled code states its processor combined with its system, except on Windows (the runtime's pedecoder.h, IMAGE_FILE_MACHINE_OS_OVERRIDE).
    private static readonly (ushort Override, OSPlatform System)[] Systems =
    [
        (0, OSPlatform.Windows), (0x7B79, OSPlatform.Linux), (0x4644, OSPlatform.OSX), (0xADC4, OSPlatform.FreeBSD),
    ];

    /// <returns>Whether the file says itself that it needs a newer runtime, so that its references need not say it again.</returns>
    public static bool Check(AssemblySurface assembly, CompatibilityFindings findings)
    {
        var header = assembly.Headers.CorHeader!;
        var isPrecompiled = header.ManagedNativeHeaderDirectory.Size > 0;
        if (isPrecompiled)
            CheckPrecompiled(assembly, findings);
        else if (!header.Flags.HasFlag(CorFlags.ILOnly))
            findings.Error(CompatibilityFindings.AssemblyPointer, $"'{assembly.FileName}' mixes .NET with native code (C++/CLI), which cannot be loaded so that it can be unloaded again.", "Put the native code into a library of its own and call it with P/Invoke.");
        else
            CheckProcessor(assembly, header.Flags, findings);

        if (assembly.Has(ReferenceAssembly))
            findings.Error(CompatibilityFindings.AssemblyPointer, $"'{assembly.FileName}' is a reference assembly: it describes types for compilers and has no code.", "Ship the assembly from the package's lib folder (or the build's output), not the one from ref.");

        return CheckRuntime(assembly, findings);
    }

    private static void CheckProcessor(AssemblySurface assembly, CorFlags flags, CompatibilityFindings findings)
    {
        var machine = assembly.Headers.CoffHeader.Machine;
        Architecture? wanted = machine switch
        {
            Machine.I386 when flags.HasFlag(CorFlags.Requires32Bit) && !flags.HasFlag(CorFlags.Prefers32Bit) => Architecture.X86,
            Machine.I386 => null,
            Machine.Amd64 => Architecture.X64,
            Machine.Arm64 => Architecture.Arm64,
            Machine.Arm or Machine.ArmThumb2 => Architecture.Arm,
            _ => null,
        };
        if (wanted is { } only && only != RuntimeInformation.ProcessArchitecture)
            findings.Error(
                CompatibilityFindings.AssemblyPointer,
                $"'{assembly.FileName}' was built for {only} processors only, and this hub runs on {RuntimeInformation.ProcessArchitecture}.",
                "Build it as AnyCPU (leave PlatformTarget out).");
    }

    private static void CheckPrecompiled(AssemblySurface assembly, CompatibilityFindings findings)
    {
        var stated = (ushort)assembly.Headers.CoffHeader.Machine;
        var processor = RuntimeInformation.ProcessArchitecture switch
        {
            Architecture.X86 => Machine.I386,
            Architecture.X64 => Machine.Amd64,
            Architecture.Arm64 => Machine.Arm64,
            Architecture.Arm => Machine.ArmThumb2,
            _ => Machine.Unknown,
        };
        if (processor == Machine.Unknown || Array.Exists(Systems, system => RuntimeInformation.IsOSPlatform(system.System) && stated == (ushort)((ushort)processor ^ system.Override)))
            return;

        findings.Warning(
            CompatibilityFindings.AssemblyPointer,
            $"'{assembly.FileName}' was precompiled (ReadyToRun) for another processor or system than this hub's, {RuntimeInformation.RuntimeIdentifier}, so that part of it is not used and it starts more slowly.",
            "Publish the plugin without PublishReadyToRun, or for this system.");
    }

    private static bool CheckRuntime(AssemblySurface assembly, CompatibilityFindings findings)
    {
        if (assembly.AttributeText(TargetFramework) is not { } text || Parse(text) is not { } framework)
            return false;

        if (framework.Identifier == ".NETFramework")
        {
            findings.Warning(CompatibilityFindings.AssemblyPointer, $"'{assembly.FileName}' was built for the .NET Framework {framework.Version}; this hub runs on .NET {Environment.Version.ToString(2)}, which has not all of it.", $"Use the build for net{Environment.Version.ToString(2)} or netstandard2.0.");
            return false;
        }

        if (framework.Identifier != ".NETCoreApp" || framework.Version <= new Version(Environment.Version.Major, Environment.Version.Minor))
            return false;

        findings.Error(
            CompatibilityFindings.AssemblyPointer,
            $"'{assembly.FileName}' was built for .NET {framework.Version}, and this hub runs on .NET {Environment.Version}.",
            $"Build it for net{Environment.Version.ToString(2)}, or install a hub that runs on .NET {framework.Version}.");
        return true;
    }

    private static FrameworkName? Parse(string text)
    {
        try
        {
            return new FrameworkName(text);
        }
        catch (ArgumentException)
        {
            return null;
        }
    }
}
