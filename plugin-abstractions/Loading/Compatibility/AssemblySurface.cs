using System.Collections.Concurrent;
using System.Reflection;
using System.Reflection.Metadata;
using System.Reflection.PortableExecutable;

namespace IntegrationHub.Loading.Compatibility;

/// <summary>
/// What one assembly file offers and needs, read from its metadata: nothing is loaded, and the file is closed again before the constructor returns. Thread-safe.
/// </summary>
internal sealed class AssemblySurface : IDisposable
{
    private readonly PEReader image;
    private readonly Lazy<Dictionary<string, TypeDefinitionHandle>> types;
    private readonly Lazy<Dictionary<string, string>> forwarders;
    private readonly ConcurrentDictionary<TypeDefinitionHandle, TypeMembers> members = new();

    private AssemblySurface(string file, PEReader image, MetadataReader metadata, IAssemblyWorld world)
    {
        this.image = image;
        File = file;
        Metadata = metadata;
        World = world;
        var definition = metadata.GetAssemblyDefinition();
        Name = metadata.GetString(definition.Name);
        Version = definition.Version;
        types = new(ReadTypes);
        forwarders = new(ReadForwarders);
    }

    public string File { get; }

    public string FileName => Path.GetFileName(File);

    public MetadataReader Metadata { get; }

    public PEHeaders Headers => image.PEHeaders;

    /// <summary>Where the assembly's own references lead.</summary>
    public IAssemblyWorld World { get; }

    public string Name { get; }

    public Version Version { get; }

    /// <exception cref="BadImageFormatException">It is no managed assembly.</exception>
    /// <exception cref="IOException">It cannot be read.</exception>
    public static AssemblySurface Open(string file, IAssemblyWorld world)
    {
        using var stream = new FileStream(file, FileMode.Open, FileAccess.Read, FileShare.Read | FileShare.Delete);
        var image = new PEReader(stream, PEStreamOptions.PrefetchMetadata);
        try
        {
            if (!image.HasMetadata)
                throw new BadImageFormatException("it is a native library.");

            var metadata = image.GetMetadataReader();
            if (!metadata.IsAssembly)
                throw new BadImageFormatException("it is a module, not an assembly.");

            return new AssemblySurface(file, image, metadata, world);
        }
        catch
        {
            image.Dispose();
            throw;
        }
    }

    public void Dispose() => image.Dispose();

    /// <summary>The names of all types, nested ones as <c>Outer+Inner</c>.</summary>
    public IEnumerable<string> TypeNames => types.Value.Keys;

    /// <summary>Finds a type by its full name, here or where this assembly forwards it.</summary>
    public SurfaceType? FindType(string fullName)
    {
        var at = this;
        for (var hops = 0; hops < 8; hops++)
        {
            if (at.types.Value.TryGetValue(fullName, out var handle))
                return new SurfaceType(at, handle);

            if (!at.forwarders.Value.TryGetValue(fullName, out var assembly) || at.World.Find(assembly) is not { } next)
                return null;

            at = next;
        }

        return null;
    }

    public TypeMembers MembersOf(TypeDefinitionHandle handle) => members.GetOrAdd(handle, static (key, surface) => TypeMembers.Read(surface.Metadata, key), this);

    /// <summary>Whether the assembly itself carries an attribute.</summary>
    public bool Has(string attribute) => FindAttribute(attribute) is not null;

    /// <summary>The text that an attribute of the assembly was given first.</summary>
    public string? AttributeText(string attribute)
    {
        if (FindAttribute(attribute) is not { } found)
            return null;

        var value = Metadata.GetBlobReader(found.Value);
        return value.RemainingBytes > 2 && value.ReadUInt16() == 1 ? value.ReadSerializedString() : null;
    }

    private CustomAttribute? FindAttribute(string fullName)
    {
        foreach (var handle in Metadata.GetAssemblyDefinition().GetCustomAttributes())
        {
            var attribute = Metadata.GetCustomAttribute(handle);
            if (attribute.Constructor.Kind == HandleKind.MemberReference
                && Metadata.GetMemberReference((MemberReferenceHandle)attribute.Constructor).Parent is { Kind: HandleKind.TypeReference } type
                && TypeNamesOf.Reference(Metadata, (TypeReferenceHandle)type) == fullName)
            {
                return attribute;
            }
        }

        return null;
    }

    private Dictionary<string, TypeDefinitionHandle> ReadTypes()
    {
        Dictionary<string, TypeDefinitionHandle> found = new(Metadata.TypeDefinitions.Count, StringComparer.Ordinal);
        foreach (var handle in Metadata.TypeDefinitions)
            found.TryAdd(TypeNamesOf.Definition(Metadata, handle), handle);

        return found;
    }

    private Dictionary<string, string> ReadForwarders()
    {
        Dictionary<string, string> found = new(Metadata.ExportedTypes.Count, StringComparer.Ordinal);
        foreach (var handle in Metadata.ExportedTypes)
            if (TypeNamesOf.Forwarder(Metadata, handle) is { } forwarder)
                found.TryAdd(forwarder.Type, forwarder.Assembly);

        return found;
    }
}

/// <summary>Where references lead: in the host, or in a plugin's folder.</summary>
internal interface IAssemblyWorld
{
    /// <summary>The assembly that the runtime would take for a name; <see langword="null"/> when there is none or it is not known.</summary>
    AssemblySurface? Find(string name);
}

/// <summary>A type of some assembly.</summary>
internal readonly record struct SurfaceType(AssemblySurface Assembly, TypeDefinitionHandle Handle)
{
    public TypeDefinition Definition => Assembly.Metadata.GetTypeDefinition(Handle);

    public string FullName => TypeNamesOf.Definition(Assembly.Metadata, Handle);

    public bool IsInterface => Definition.Attributes.HasFlag(TypeAttributes.Interface);

    /// <summary>Whether code of other assemblies can name it.</summary>
    public bool IsVisible
    {
        get
        {
            for (var type = Definition; ; type = Assembly.Metadata.GetTypeDefinition(type.GetDeclaringType()))
            {
                var visibility = type.Attributes & TypeAttributes.VisibilityMask;
                if (!type.IsNested)
                    return visibility == TypeAttributes.Public;

                if (visibility is not (TypeAttributes.NestedPublic or TypeAttributes.NestedFamily or TypeAttributes.NestedFamORAssem))
                    return false;
            }
        }
    }

    /// <summary>The type that a reference of this type's assembly means: a base class, an interface. <see langword="null"/> when it is unknown.</summary>
    public SurfaceType? Follow(EntityHandle reference) => Follow(Assembly, reference);

    public static SurfaceType? Follow(AssemblySurface from, EntityHandle reference)
    {
        switch (reference.Kind)
        {
            case HandleKind.TypeDefinition:
                return reference.IsNil ? null : new SurfaceType(from, (TypeDefinitionHandle)reference);
            case HandleKind.TypeReference when !reference.IsNil:
                var handle = (TypeReferenceHandle)reference;
                return TypeNamesOf.ScopeOf(from.Metadata, handle) is { Kind: HandleKind.AssemblyReference } scope
                    ? from.World.Find(from.Metadata.GetString(from.Metadata.GetAssemblyReference((AssemblyReferenceHandle)scope).Name))?.FindType(TypeNamesOf.Reference(from.Metadata, handle))
                    : null;
            case HandleKind.TypeSpecification:
                var generic = TypeNamesOf.GenericTypeOf(from.Metadata, (TypeSpecificationHandle)reference);
                return generic.IsNil ? null : Follow(from, generic);
            default:
                return null;
        }
    }
}
